//! Counters of limits. The arithmetic is the domain's: [`decide`].

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::limit::{Admission, Draw, LimitKey, Log, Usage, decide, peek};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;

use crate::SqliteStore;
use crate::sql::{Bind, Conn, Read, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    /// The logs of some keys, each with its place among them.
    LOGS(5) = "
        SELECT w.column1 AS place, l.log
        FROM (VALUES {rows}) AS w
        JOIN limits l ON l.tenant = w.column2 AND l.mode = w.column3 AND l.subject = w.column4 AND l.rule = w.column5";
    /// `sweep_at` is not moved: the sweep does.
    KEEP(7) = "
        INSERT INTO limits (tenant, mode, subject, rule, log, ends_at, sweep_at)
        VALUES {rows}
        ON CONFLICT (tenant, mode, subject, rule) DO UPDATE SET log = excluded.log, ends_at = excluded.ends_at";
}

/// The logs a batch draws.
#[derive(Default)]
pub(crate) struct Limits(BTreeMap<LimitKey, Drawn>);

/// The log of one limit; empty if it was never drawn.
#[derive(Default)]
struct Drawn {
    log: Log,
    /// The window it was last drawn by, if this batch did.
    changed: Option<Duration>,
}

impl Limits {
    /// Names the limits a member will draw or look at.
    pub(crate) fn need(&mut self, draws: &[Draw]) {
        for draw in draws {
            self.0.entry(draw.key).or_default();
        }
    }

    /// How each limit stands, spending nothing.
    pub(crate) fn usage(&self, draws: &[Draw], now: Timestamp) -> Vec<Usage> {
        peek(draws, &self.logs(draws), now)
    }

    /// What drawing comes to, and the logs as they are after. Nothing is spent until they are [kept](Self::keep).
    pub(crate) fn decide(&self, draws: &[Draw], now: Timestamp) -> (Admission, Vec<Log>) {
        let mut logs = self.logs(draws);
        (decide(draws, &mut logs, now), logs)
    }

    /// Spends what [`decide`](Self::decide) drew.
    pub(crate) fn keep(&mut self, draws: &[Draw], logs: Vec<Log>) {
        for (draw, log) in draws.iter().zip(logs) {
            self.0.insert(draw.key, Drawn { log, changed: Some(draw.window) });
        }
    }

    fn logs(&self, draws: &[Draw]) -> Vec<Log> {
        draws.iter().map(|draw| self.0.get(&draw.key).map(|drawn| drawn.log.clone()).unwrap_or_default()).collect()
    }

    /// Reads the logs needed.
    pub(crate) async fn load(&mut self, conn: &mut Conn) -> Tried<()> {
        let mut wanted: Vec<_> =
            self.0.iter_mut().enumerate().map(|(place, (key, drawn))| (place, *key, drawn)).collect();
        let keys: Vec<_> = wanted.iter().map(|(place, key, _)| (*place, *key)).collect();
        let rows = LOGS.fetch(conn, &keys, |query, (place, key)| {
            query.count(*place).realm(key.realm).octets(key.subject.as_bytes()).bind(key.rule.as_str())
        });
        for row in rows.await? {
            let (_, _, drawn) =
                wanted.get_mut(row.number::<usize>("place")?).ok_or_else(|| Trouble::unreadable("place"))?;
            drawn.log = Log::decode(&row.octets("log")?).ok_or_else(|| Trouble::unreadable("log"))?;
        }
        Ok(())
    }

    /// Writes the logs drawn.
    pub(crate) async fn store(&self, conn: &mut Conn) -> Tried<()> {
        let changed = self.0.iter().filter_map(|(key, drawn)| {
            let ends_at = drawn.log.forget_at(drawn.changed?)?;
            Some((key, &drawn.log, ends_at))
        });
        KEEP.write(conn, &changed.collect::<Vec<_>>(), |query, (key, log, ends_at)| {
            let query = query.realm(key.realm).octets(key.subject.as_bytes()).bind(key.rule.as_str());
            query.octets(&log.encode()).time(*ends_at).time(*ends_at)
        })
        .await
    }
}

impl WorkingSet {
    /// Draws all or nothing; writes the refusing draw's effects if it refuses.
    pub(crate) fn draw(&mut self, draws: &[Draw], now: Timestamp) -> Tried<Admission> {
        let (admission, logs) = self.limits.decide(draws, now);
        match &admission {
            Admission::Admitted(_) => self.limits.keep(draws, logs),
            Admission::Refused { by, .. } => self.refuse(draws, *by, now)?,
        }
        Ok(admission)
    }

    /// Writes what the draw at `by` wants written when it refuses.
    pub(crate) fn refuse(&mut self, draws: &[Draw], by: usize, now: Timestamp) -> Tried<()> {
        let refused = draws.get(by).map(|draw| draw.refused.as_slice()).unwrap_or_default();
        self.effects.apply(refused, now)
    }
}

struct Acquire {
    draws: Vec<Draw>,
    now: Timestamp,
}

#[async_trait]
impl Verb for Acquire {
    const OP: &'static str = "sql.acquire";
    type Answer = Admission;

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need(&self.draws);
    }

    async fn run(&self, _: &mut Conn, set: &mut WorkingSet) -> Tried<Admission> {
        set.draw(&self.draws, self.now)
    }
}

#[async_trait]
impl LimitStore for SqliteStore {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        self.writer.run(Acquire { draws, now }).await
    }
}
