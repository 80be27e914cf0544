//! Leases of a process that is gone are given back.

use async_trait::async_trait;
use otp_core::fault::Res;

use crate::SqlStore;
use crate::sql::{Conn, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    RELEASE = "UPDATE outbox SET leased_until = NULL, token = token + 1 WHERE leased_until IS NOT NULL";
}

impl SqlStore {
    /// Gives back every lease, so that mail claimed by a process that was killed goes out at once and
    /// not when its lease has run out; answers how many there were.
    ///
    /// Only for who knows that no relay works on this file: a mail whose holder lives would be sent
    /// twice. The holder could not settle it, though: its token has passed.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn release_leases(&self) -> Res<u64> {
        self.writer.run(Release).await
    }
}

struct Release;

#[async_trait]
impl Verb for Release {
    const OP: &'static str = "sql.release_leases";
    type Answer = u64;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<u64> {
        query(&RELEASE).execute(conn).await
    }
}
