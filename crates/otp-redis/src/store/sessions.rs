//! Sessions, from sign-in to their end.

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::id::SessionId;
use otp_core::port::{Revocation, Revoked, Rotated, Rotation, SessionStore};
use otp_core::realm::Realm;
use otp_core::session::{LiveSession, Session};
use otp_core::time::Timestamp;
use otp_core::user::User;
use serde::Serialize;

use super::RedisStore;
use super::open::strange;
use super::read::parse;
use crate::effects::Written;
use crate::scripts::{LIVE_SESSION, REVOKE, ROTATE};
use crate::server::millis;

#[async_trait]
impl SessionStore for RedisStore {
    async fn live(&self, realm: Realm, session: SessionId, now: Timestamp) -> Res<Option<LiveSession>> {
        const OP: &str = "redis.live_session";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            session: String,
        }
        let call = Call { now, session: self.0.keys.session(realm, session) };
        let told: Vec<String> = self.0.run(OP, &LIVE_SESSION, &[], &call, &[]).await?;
        if told.is_empty() { Ok(None) } else { read(OP, &told).map(Some) }
    }

    async fn rotate(&self, rotation: Rotation, now: Timestamp) -> Res<Rotated> {
        const OP: &str = "redis.rotate";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            outbox: String,
            session: String,
            generation: u32,
            idle: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            grace: Option<u64>,
            rotated: Vec<Written>,
            reused: Vec<Written>,
        }
        let keys = &self.0.keys;
        let call = Call {
            now,
            outbox: keys.outbox(),
            session: keys.session(rotation.realm, rotation.session),
            generation: rotation.generation,
            idle: millis(rotation.idle),
            grace: rotation.grace.map(millis),
            rotated: keys.written(OP, &rotation.rotated, now)?,
            reused: keys.written(OP, &rotation.reused, now)?,
        };
        let (word, live): (String, Vec<String>) = self.0.run(OP, &ROTATE, &[], &call, &[]).await?;
        Ok(match word.as_str() {
            "rotated" => Rotated::Rotated(Box::new(read(OP, &live)?)),
            "replay" => Rotated::Replay(Box::new(read(OP, &live)?)),
            "reused" => Rotated::Reused,
            "gone" => Rotated::Gone,
            _ => return Err(strange()),
        })
    }

    async fn revoke(&self, revocation: Revocation, now: Timestamp) -> Res<u64> {
        const OP: &str = "redis.revoke";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            outbox: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            session: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sessions: Option<String>,
            effects: Vec<Written>,
        }
        let Revocation { realm, which, effects } = revocation;
        let keys = &self.0.keys;
        let (session, sessions) = match which {
            Revoked::One(id) => (Some(keys.session(realm, id)), None),
            Revoked::AllOf(user) => (None, Some(keys.sessions(realm, user))),
        };
        let effects = keys.written(OP, &effects, now)?;
        let call = Call { now, outbox: keys.outbox(), session, sessions, effects };
        self.0.run(OP, &REVOKE, &[], &call, &[]).await
    }
}

/// What a script tells of a session and its user: their documents, and what has changed since.
pub(super) fn read(op: &'static str, told: &[String]) -> Res<LiveSession> {
    let [session, user, seen, generation, used, idle] = told else { return Err(strange()) };
    let time = |text: &str| text.parse().map(Timestamp::from_millis).map_err(|_| strange());
    let session = Session {
        generation: generation.parse().map_err(|_| strange())?,
        last_used_at: time(used)?,
        idle_expires_at: time(idle)?,
        ..parse(op, session)?
    };
    Ok(LiveSession { session, user: User { last_login_at: time(seen)?, ..parse(op, user)? } })
}
