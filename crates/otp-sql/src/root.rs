//! The root of the index keys.

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::keys::Sealed;
use otp_core::port::RootStore;

use crate::SqlStore;
use crate::sql::{Conn, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    /// Sets what is set already, because only a row written is answered.
    KEEP = "
        INSERT INTO root (one, sealed)
        VALUES (1, $1)
        ON CONFLICT (one) DO UPDATE SET sealed = root.sealed
        RETURNING sealed";
}

struct Keep(Sealed);

#[async_trait]
impl Verb for Keep {
    const OP: &'static str = "sql.keep";
    type Answer = Sealed;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<Sealed> {
        let row = query(&KEEP).octets(self.0.as_bytes()).fetch_one(conn).await?;
        Ok(Sealed::from_bytes(row.octets("sealed")?))
    }
}

#[async_trait]
impl RootStore for SqlStore {
    async fn keep(&self, candidate: Sealed) -> Res<Sealed> {
        self.writer.run(Keep(candidate)).await
    }
}
