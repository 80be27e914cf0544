//! Mail that waits to be sent.

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

use crate::SqliteStore;
use crate::sql::{Read, Row, statements};
use crate::trouble::Tried;

statements! {
    WAITING = "SELECT COUNT(*) AS waiting, MIN(due_at) AS oldest FROM outbox";
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<Leased>> {
        self.writer.run(claim::Claim { now, lease, max }).await
    }

    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled> {
        self.writer.run(settle::Settle { lease, how, effects, now }).await
    }

    async fn backlog(&self, now: Timestamp) -> Res<Backlog> {
        const OP: &str = "sql.backlog";
        let row = self.readers.only(OP, sqlx::query(WAITING)).await?;
        read(&row, now).map_err(|trouble| trouble.fault(OP))
    }
}

fn read(row: &Row, now: Timestamp) -> Tried<Backlog> {
    let oldest = if row.is_null("oldest")? { None } else { Some(row.time("oldest")?) };
    Ok(Backlog { waiting: row.number("waiting")?, oldest_due: oldest.filter(|due_at| *due_at <= now) })
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements() -> Vec<&'static str> {
    [statements(), claim::statements(), release::statements(), settle::statements()].concat()
}
