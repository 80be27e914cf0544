//! A person is erased.

use async_trait::async_trait;
use otp_core::challenge::Challenge;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::id::UserId;
use otp_core::keys::AddressKey;
use otp_core::port::{Erased, Erasure};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::challenges::{self, challenge_columns};
use crate::sql::{Conn, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    CHALLENGES_OF = concat!(
        "SELECT ", challenge_columns!(), " FROM challenges c
        WHERE c.tenant = $1 AND c.mode = $2 AND c.address_key = $3 AND c.expires_at > $4
        ORDER BY c.created_at DESC, c.id DESC"
    );
    ADDRESS_OF = "SELECT address_key FROM users WHERE tenant = $1 AND mode = $2 AND id = $3";
    /// Every sign-in of the address holds one of these first, so who erases and who signs in come one after the other.
    HOLD = "
        SELECT seq FROM challenges WHERE tenant = $1 AND mode = $2 AND address_key = $3
        ORDER BY seq {postgres: FOR UPDATE}";
    /// Whether claimed or not: whoever is sending one finds his lease lost.
    MAILS = "
        DELETE FROM outbox
        WHERE tenant = $1 AND mode = $2 AND challenge IN
            (SELECT id FROM challenges WHERE tenant = $1 AND mode = $2 AND address_key = $3)";
    CHALLENGES = "
        DELETE FROM challenges
        WHERE seq IN (SELECT seq FROM challenges WHERE tenant = $1 AND mode = $2 AND address_key = $3)";
    SESSIONS = "
        DELETE FROM sessions
        WHERE (tenant, mode, id) IN
            (SELECT tenant, mode, id FROM sessions WHERE tenant = $1 AND mode = $2 AND user_id = $3)";
    USER = "DELETE FROM users WHERE tenant = $1 AND mode = $2 AND address_key = $3 AND id = $4";
    ROOM = "UPDATE user_counts SET users = users - 1 WHERE tenant = $1 AND mode = $2";
}

#[async_trait]
impl Erasure for SqlStore {
    async fn challenges_of(&self, realm: Realm, address: AddressKey, now: Timestamp) -> Res<Vec<Challenge>> {
        const OP: &str = "sql.challenges_of";
        let query = query(&CHALLENGES_OF).realm(realm).octets(address.as_bytes()).time(now);
        let rows = self.readers.all(OP, query).await?;
        rows.iter().map(challenges::read).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn erase(&self, realm: Realm, user: UserId, effects: Vec<Effect>, now: Timestamp) -> Res<Option<Erased>> {
        self.writer.run(Erase { realm, user, effects, now }).await
    }
}

struct Erase {
    realm: Realm,
    user: UserId,
    effects: Vec<Effect>,
    now: Timestamp,
}

#[async_trait]
impl Verb for Erase {
    const OP: &'static str = "sql.erase";
    /// It deletes rows that others of a batch may have read and would write: their guards would refuse the batch, and all of
    /// it would be written one by one.
    const ALONE: bool = true;
    type Answer = Option<Erased>;

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need_for(&self.effects);
    }

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Option<Erased>> {
        let Self { realm, user, effects, now } = self;
        let found = query(&ADDRESS_OF).realm(*realm).text(user).fetch_optional(conn).await?;
        let Some(found) = found else { return Ok(None) };
        let address = found.hash("address_key")?;
        query(&HOLD).realm(*realm).octets(&address).fetch_all(conn).await?;
        let erased = Erased {
            mails: query(&MAILS).realm(*realm).octets(&address).execute(conn).await?,
            challenges: query(&CHALLENGES).realm(*realm).octets(&address).execute(conn).await?,
            sessions: query(&SESSIONS).realm(*realm).text(user).execute(conn).await?,
        };
        if query(&USER).realm(*realm).octets(&address).text(user).execute(conn).await? == 0 {
            // Somebody else has erased him meanwhile; the next try finds nobody.
            return Err(Trouble::conflict());
        }
        query(&ROOM).realm(*realm).execute(conn).await?;
        set.apply(effects, *now)?;
        Ok(Some(erased))
    }
}
