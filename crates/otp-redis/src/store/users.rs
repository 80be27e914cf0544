//! Users, read, and their addresses sealed anew.

use std::cmp::Reverse;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::id::UserId;
use otp_core::keys::AddressKey;
use otp_core::port::{Resealed, UserCursor, UserStore};
use otp_core::realm::Realm;
use otp_core::session::{LiveSession, Session};
use otp_core::time::Timestamp;
use otp_core::user::User;
use serde::Serialize;

use super::RedisStore;
use super::open::strange;
use super::read::parse;
use super::sessions;
use crate::scripts::{RESEAL_USER, SESSIONS_OF_USER, USER, USERS_PAGE};
use crate::server::document;

/// Whom to read: by key, or by id.
#[derive(Serialize)]
struct Wanted {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl RedisStore {
    async fn user(&self, op: &'static str, wanted: Wanted) -> Res<Option<User>> {
        let told: Vec<String> = self.0.run(op, &USER, &[], &wanted, &[]).await?;
        if told.is_empty() { Ok(None) } else { read(op, &told).map(Some) }
    }

    /// Puts an address sealed anew in place of what was seen; answers whether it was that still.
    async fn reseal_one(&self, realm: Realm, Resealed { user, seen, anew }: Resealed) -> Res<bool> {
        const OP: &str = "redis.reseal_users";
        let mut find = redis::cmd("HGET");
        find.arg(self.0.keys.people_by_id(realm)).arg(user.to_string());
        let Some(key): Option<String> = self.0.link.ask(OP, &find).await? else { return Ok(false) };
        let mut read = redis::cmd("HGET");
        read.arg(&key).arg("doc");
        let Some(doc): Option<String> = self.0.link.ask(OP, &read).await? else { return Ok(false) };
        let user: User = parse(OP, &doc)?;
        if user.address != seen {
            return Ok(false);
        }
        let anew = document(OP, &User { address: anew, ..user })?;
        self.0.link.run(OP, RESEAL_USER.key(key).arg(doc).arg(anew)).await
    }
}

#[async_trait]
impl UserStore for RedisStore {
    async fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Res<Vec<User>> {
        const OP: &str = "redis.users_page";
        #[derive(Serialize)]
        struct Call {
            people: String,
            ids: String,
            max: usize,
            #[serde(skip_serializing_if = "Option::is_none")]
            created: Option<Timestamp>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<String>,
        }
        let keys = &self.0.keys;
        let call = Call {
            people: keys.people(realm),
            ids: keys.people_by_id(realm),
            max,
            created: after.map(|last| last.created_at),
            id: after.map(|last| last.id.to_string()),
        };
        let told: Vec<Vec<String>> = self.0.run(OP, &USERS_PAGE, &[], &call, &[]).await?;
        told.iter().map(|told| read(OP, told)).collect()
    }

    async fn by_id(&self, realm: Realm, id: UserId) -> Res<Option<User>> {
        let ids = Some(self.0.keys.people_by_id(realm));
        self.user("redis.user", Wanted { key: None, ids, id: Some(id.to_string()) }).await
    }

    async fn by_address(&self, realm: Realm, address: AddressKey) -> Res<Option<User>> {
        let key = Some(self.0.keys.user(realm, &address));
        self.user("redis.user_of_address", Wanted { key, ids: None, id: None }).await
    }

    async fn sessions(&self, realm: Realm, user: UserId, now: Timestamp) -> Res<Vec<Session>> {
        const OP: &str = "redis.sessions_of_user";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            sessions: String,
        }
        let call = Call { now, sessions: self.0.keys.sessions(realm, user) };
        let told: Vec<Vec<String>> = self.0.run(OP, &SESSIONS_OF_USER, &[], &call, &[]).await?;
        let session = |told: &Vec<String>| sessions::read(OP, told).map(|LiveSession { session, .. }| session);
        let mut live = told.iter().map(session).collect::<Res<Vec<_>>>()?;
        live.sort_by_key(|session| Reverse((session.created_at, session.id)));
        Ok(live)
    }

    async fn reseal(&self, realm: Realm, addresses: Vec<Resealed>) -> Res<u64> {
        let mut replaced = 0;
        for address in addresses {
            replaced += u64::from(self.reseal_one(realm, address).await?);
        }
        Ok(replaced)
    }
}

/// What a script tells of a user.
fn read(op: &'static str, told: &[String]) -> Res<User> {
    let [doc, seen] = told else { return Err(strange()) };
    let seen = seen.parse().map(Timestamp::from_millis).map_err(|_| strange())?;
    Ok(User { last_login_at: seen, ..parse(op, doc)? })
}
