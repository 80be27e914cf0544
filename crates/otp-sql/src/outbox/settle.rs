//! Mail is settled.

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::port::{Lease, Progress, Settled, Settlement};
use otp_core::time::Timestamp;

use crate::sql::{Conn, Writes, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    CLAIMED(Number) = "
        SELECT o.entry, o.token
        FROM ({rows}) AS w
        JOIN outbox o ON o.entry = w.column1
        WHERE o.leased_until IS NOT NULL
        {postgres: ORDER BY o.entry FOR UPDATE OF o}";
    /// Passes over an entry that was claimed again.
    FINISH(Number, Number) = "DELETE FROM outbox WHERE (entry, token) IN ({rows})";
    /// Passes over an entry that was claimed again.
    RETRY(Number, Number, Number, Number, Number) = "
        UPDATE outbox
        SET due_at = w.column3, tries = w.column4, admitted = w.column5, leased_until = NULL
        FROM ({rows}) AS w
        WHERE outbox.entry = w.column1 AND outbox.token = w.column2";
}

/// The claimed entries a batch settles.
#[derive(Default)]
pub(crate) struct Entries {
    /// The last token of each entry that is claimed; of the others nothing.
    tokens: BTreeMap<i64, Option<i64>>,
    finished: Vec<Lease>,
    put_back: Vec<(Lease, Timestamp, Progress)>,
}

impl Entries {
    /// Reads who holds the entries needed.
    pub(crate) async fn load(&mut self, conn: &mut Conn) -> Tried<()> {
        let entries: Vec<_> = self.tokens.keys().copied().collect();
        for row in CLAIMED.fetch(conn, &entries, |query, entry| query.bind(*entry)).await? {
            self.tokens.insert(row.number("entry")?, Some(row.number("token")?));
        }
        Ok(())
    }

    /// Settles an entry if `lease` is still the last claim of it. A lease that ran out unnoticed still
    /// holds: what was done under it is better recorded than done twice.
    fn settle(&mut self, lease: Lease, how: Settlement) -> Settled {
        let Some(held) = self.tokens.get_mut(&lease.entry).filter(|token| **token == Some(lease.token)) else {
            return Settled::LeaseLost;
        };
        *held = None;
        match how {
            Settlement::Finished => self.finished.push(lease),
            Settlement::RetryAt { at, progress } => self.put_back.push((lease, at, progress)),
        }
        Settled::Recorded
    }

    /// Has written what was settled.
    pub(crate) fn store(&self, writes: &mut Writes) {
        writes.add(&FINISH, &self.finished, |query, lease| query.bind(lease.entry).bind(lease.token));
        writes.add(&RETRY, &self.put_back, |query, (lease, at, progress)| {
            let query = query.bind(lease.entry).bind(lease.token).time(*at);
            query.bind(progress.tries).bind(i64::from(progress.admitted))
        });
    }
}

/// Records what became of an entry.
pub(super) struct Settle {
    pub(super) lease: Lease,
    pub(super) how: Settlement,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Settle {
    const OP: &'static str = "sql.settle";
    type Answer = Settled;

    fn needs(&self, set: &mut WorkingSet) {
        set.outbox.tokens.insert(self.lease.entry, None);
        set.limits.need_for(&self.effects);
    }

    async fn run(&self, _: &mut Conn, set: &mut WorkingSet) -> Tried<Settled> {
        let settled = set.outbox.settle(self.lease, self.how);
        if settled == Settled::Recorded {
            set.apply(&self.effects, self.now)?;
        }
        Ok(settled)
    }
}
