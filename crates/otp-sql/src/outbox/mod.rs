//! Mail that waits to be sent.

mod append;
mod claim;
mod release;
mod settle;

pub(crate) use settle::Entries;

use std::time::Duration;

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::port::{Backlog, Lease, Leased, Outbox, Settled, Settlement};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{Row, query, statements};
use crate::trouble::Tried;

statements! {
    WAITING = "SELECT COUNT(*) AS waiting, MIN(due_at) AS oldest FROM outbox";
}

#[async_trait]
impl Outbox for SqlStore {
    async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<Leased>> {
        self.writer.run(claim::Claim { now, lease, max }).await
    }

    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled> {
        self.writer.run(settle::Settle { lease, how, effects, now }).await
    }

    async fn append(&self, effects: Vec<Effect>, now: Timestamp) -> Res<()> {
        self.writer.run(append::Append { effects, now }).await
    }

    async fn backlog(&self, now: Timestamp) -> Res<Backlog> {
        const OP: &str = "sql.backlog";
        let row = self.readers.only(OP, query(&WAITING)).await?;
        read(&row, now).map_err(|trouble| trouble.fault(OP))
    }
}

fn read(row: &Row, now: Timestamp) -> Tried<Backlog> {
    let oldest = if row.is_null("oldest")? { None } else { Some(row.time("oldest")?) };
    Ok(Backlog { waiting: row.number("waiting")?, oldest_due: oldest.filter(|due_at| *due_at <= now) })
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements(engine: crate::sql::Engine) -> Vec<&'static str> {
    [statements(engine), claim::statements(engine), release::statements(engine), settle::statements(engine)].concat()
}
