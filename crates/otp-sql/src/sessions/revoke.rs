//! Sessions are ended.

use async_trait::async_trait;
use otp_core::port::{Revocation, Revoked};
use otp_core::time::Timestamp;

use crate::sql::{Conn, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    END_ONE = "DELETE FROM sessions WHERE tenant = $1 AND mode = $2 AND id = $3 RETURNING ends_at";
    /// In two steps, or SQLite would look through all sessions of the tenant.
    END_ALL = "
        DELETE FROM sessions
        WHERE (tenant, mode, id) IN
            (SELECT tenant, mode, id FROM sessions WHERE tenant = $1 AND mode = $2 AND user_id = $3)
        RETURNING ends_at";
}

/// Ends one session or all of a user.
pub(super) struct Revoke {
    pub(super) revocation: Revocation,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Revoke {
    const OP: &'static str = "sql.revoke";
    type Answer = u64;

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need_for(&self.revocation.effects);
    }

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<u64> {
        let Revocation { realm, which, effects } = &self.revocation;
        let query = match which {
            Revoked::One(session) => query(&END_ONE).realm(*realm).text(session),
            Revoked::AllOf(user) => query(&END_ALL).realm(*realm).text(user),
        };
        let mut were_live = 0;
        for row in query.fetch_all(conn).await? {
            were_live += u64::from(row.time("ends_at")? > self.now);
        }
        if were_live > 0 {
            set.apply(effects, self.now)?;
        }
        Ok(were_live)
    }
}
