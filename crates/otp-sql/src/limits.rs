//! Counters of limits. The arithmetic is the domain's: [`decide`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::limit::{Admission, Draw, LimitKey, Log, Usage, Window, decide, peek};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{Conn, Query, Row, Writes, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

macro_rules! logs {
    ($order:literal) => {
        concat!(
            "SELECT w.column1 AS place, l.log, l.version
            FROM ({rows}) AS w
            JOIN limits l
              ON l.tenant = w.column2 AND l.mode = w.column3 AND l.subject = w.column4 AND l.rule = w.column5
            ",
            $order
        )
    };
}

statements! {
    /// The logs of some keys, each with its place among them.
    LOGS(Number, Text, Text, Octets, Text) = logs!("");
    /// The same, to be drawn.
    LOGS_TO_DRAW(Number, Text, Text, Octets, Text) = logs!("{postgres: ORDER BY w.column1 FOR UPDATE OF l}");
    /// `sweep_at` is not moved: the sweep does. Passes over a log that somebody else has made or drawn
    /// since it was read.
    KEEP(Text, Text, Octets, Text, Octets, Number, Number, Number) = "
        INSERT INTO limits (tenant, mode, subject, rule, log, ends_at, sweep_at, version)
        {rows}
        ON CONFLICT (tenant, mode, subject, rule) DO UPDATE SET
            log = excluded.log, ends_at = excluded.ends_at, version = excluded.version
        WHERE limits.version = excluded.version - 1";
}

/// The logs a batch draws.
#[derive(Default)]
pub(crate) struct Limits(BTreeMap<LimitKey, Drawn>);

/// The log of one limit; empty if it was never drawn.
#[derive(Default)]
struct Drawn {
    log: Log,
    /// How often it was written when it was read; an absent one never.
    version: i64,
    /// The window it was last drawn by, if this batch did.
    changed: Option<Window>,
}

impl Limits {
    /// Names the limits a member will draw or look at.
    pub(crate) fn need(&mut self, draws: &[Draw]) {
        for draw in draws {
            self.0.entry(draw.key).or_default();
            self.need_for(&draw.refused);
            self.need_for(draw.mark.as_ref().map(|mark| mark.effects.as_slice()).unwrap_or_default());
        }
    }

    /// Names the limits that a member will draw if it writes `effects`.
    pub(crate) fn need_for(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Once(once) = effect {
                self.0.entry(once.key).or_default();
                self.need_for(&once.effects);
            }
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
            let drawn = self.0.entry(draw.key).or_default();
            (drawn.log, drawn.changed) = (log, Some(draw.window));
        }
    }

    fn logs(&self, draws: &[Draw]) -> Vec<Log> {
        draws.iter().map(|draw| self.0.get(&draw.key).map(|drawn| drawn.log.clone()).unwrap_or_default()).collect()
    }

    /// Reads the logs needed.
    pub(crate) async fn load(&mut self, conn: &mut Conn) -> Tried<()> {
        let keys: Vec<_> = self.0.keys().copied().enumerate().collect();
        let mut drawn: Vec<_> = self.0.values_mut().collect();
        for row in LOGS_TO_DRAW.fetch(conn, &keys, bind_key).await? {
            let (place, log) = read(&row)?;
            let drawn = drawn.get_mut(place).ok_or_else(|| Trouble::unreadable("place"))?;
            (drawn.log, drawn.version) = (log, row.number("version")?);
        }
        Ok(())
    }

    /// Has the logs written that were drawn.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let changed = self.0.iter().filter_map(|(key, drawn)| {
            let ends_at = drawn.log.forget_at(drawn.changed?)?;
            Some((key, drawn, ends_at))
        });
        writes.add(&KEEP, &changed.collect::<Vec<_>>(), |query, (key, drawn, ends_at)| {
            let query = query.realm(key.realm).octets(key.subject.as_bytes()).bind(key.rule.as_str());
            query.octets(&drawn.log.encode()).time(*ends_at).time(*ends_at).bind(drawn.version + 1)
        });
    }
}

fn bind_key(query: Query, (place, key): &(usize, LimitKey)) -> Query {
    query.count(*place).realm(key.realm).octets(key.subject.as_bytes()).bind(key.rule.as_str())
}

/// The place of a log among those asked for, and the log.
fn read(row: &Row) -> Tried<(usize, Log)> {
    Ok((row.number("place")?, Log::decode(&row.octets("log")?).ok_or_else(|| Trouble::unreadable("log"))?))
}

impl WorkingSet {
    /// Draws all or nothing; writes the effects of what comes of it.
    pub(crate) fn draw(&mut self, draws: &[Draw], now: Timestamp) -> Tried<Admission> {
        let (admission, logs) = self.limits.decide(draws, now);
        if let Admission::Admitted(_) = admission {
            self.limits.keep(draws, logs);
        }
        self.apply(&admission.effects(draws), now)?;
        Ok(admission)
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
impl LimitStore for SqlStore {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        self.writer.run(Acquire { draws, now }).await
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        const OP: &str = "sql.usage";
        let keys: Vec<_> = draws.iter().map(|draw| draw.key).enumerate().collect();
        let mut logs = vec![Log::default(); draws.len()];
        for (query, _) in LOGS.queries(self.engine(), &keys, bind_key) {
            for row in self.readers.all(OP, query).await? {
                let (place, log) = read(&row).map_err(|trouble| trouble.fault(OP))?;
                if let Some(kept) = logs.get_mut(place) {
                    *kept = log;
                }
            }
        }
        Ok(peek(draws, &logs, now))
    }
}
