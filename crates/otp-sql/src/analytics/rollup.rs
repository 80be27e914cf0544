//! Minutes are moved into the spans they are part of, and spans that are too old are forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::analytics::{MINUTES_KEPT, Span};
use otp_core::limit::{DAY, HOUR};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::sql::{Conn, Query, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    COUNTED_BEFORE = "
        DELETE FROM usage_minutes
        WHERE (tenant, mode, minute, counter) IN
            (SELECT tenant, mode, minute, counter FROM usage_minutes WHERE minute + 0 < $1 ORDER BY minute + 0 LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})
        RETURNING tenant, mode, minute, counter, n";
    COUNT(Text, Text, Text, Number, Text, Number) = "
        INSERT INTO usage_spans (tenant, mode, span, start, counter, n)
        {rows}
        ON CONFLICT (tenant, mode, span, start, counter) DO UPDATE SET n = usage_spans.n + excluded.n";
    SEEN_BEFORE = "
        DELETE FROM seen_minutes
        WHERE (tenant, mode, minute, user_id) IN
            (SELECT tenant, mode, minute, user_id FROM seen_minutes WHERE minute + 0 < $1 ORDER BY minute + 0 LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})
        RETURNING tenant, mode, minute, user_id";
    /// Answers those who are new to the span.
    SEE(Text, Text, Text, Number, Text) = "
        INSERT INTO seen_spans (tenant, mode, span, start, user_id)
        {rows}
        ON CONFLICT (tenant, mode, span, start, user_id) DO NOTHING
        RETURNING tenant, mode, span, start";
    ACTIVE(Text, Text, Text, Number, Number) = "
        INSERT INTO active_spans (tenant, mode, span, start, users)
        {rows}
        ON CONFLICT (tenant, mode, span, start) DO UPDATE SET users = active_spans.users + excluded.users";
    OLD_USAGE = "
        DELETE FROM usage_spans
        WHERE (tenant, mode, span, start, counter) IN
            (SELECT tenant, mode, span, start, counter FROM usage_spans WHERE span = $1 AND start + 0 < $2 ORDER BY start + 0
             LIMIT $3 {postgres: FOR UPDATE SKIP LOCKED})";
    OLD_SEEN = "
        DELETE FROM seen_spans
        WHERE (tenant, mode, span, start, user_id) IN
            (SELECT tenant, mode, span, start, user_id FROM seen_spans WHERE span = $1 AND start + 0 < $2 ORDER BY start + 0
             LIMIT $3 {postgres: FOR UPDATE SKIP LOCKED})";
    OLD_ACTIVE = "
        DELETE FROM active_spans
        WHERE (tenant, mode, span, start) IN
            (SELECT tenant, mode, span, start FROM active_spans WHERE span = $1 AND start + 0 < $2 ORDER BY start + 0
             LIMIT $3 {postgres: FOR UPDATE SKIP LOCKED})";
    OLD_CALLS = "
        DELETE FROM calls
        WHERE (tenant, mode, minute, route, bucket) IN
            (SELECT tenant, mode, minute, route, bucket FROM calls WHERE minute + 0 < $1 ORDER BY minute + 0 LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})";
    OLD_FAILURES = "
        DELETE FROM failures
        WHERE (tenant, mode, day, category, endpoint, code) IN
            (SELECT tenant, mode, day, category, endpoint, code FROM failures WHERE day + 0 < $1 ORDER BY day + 0 LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})";
}

/// Rows of one table in one write: some milliseconds, for which everybody else waits.
const ROUND: usize = 500;
/// How long it is kept how long calls took: twice as long as anybody asks.
const CALLS_KEPT: Duration = Duration::from_secs(2 * HOUR.as_secs());
/// How long failures are kept, as the days they are counted by.
const FAILURES_KEPT: Duration = Duration::from_secs(3 * 365 * DAY.as_secs());

/// Moves some minutes, and forgets some spans.
pub(super) struct RollUp {
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for RollUp {
    const OP: &'static str = "sql.roll_up";
    type Answer = u64;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<u64> {
        let moved = self.move_counted(conn).await? + self.move_seen(conn).await?;
        Ok(moved + self.forget(conn).await?)
    }
}

impl RollUp {
    async fn move_counted(&self, conn: &mut Conn) -> Tried<u64> {
        let rows = self.over(query(&COUNTED_BEFORE)).fetch_all(conn).await?;
        let mut sums: BTreeMap<(Realm, Span, Timestamp, &str), i64> = BTreeMap::new();
        for row in &rows {
            let (realm, minute, n) = (row.realm()?, row.time("minute")?, row.number::<i64>("n")?);
            for span in Span::ALL {
                *sums.entry((realm, span, span.start(minute), row.str("counter")?)).or_default() += n;
            }
        }
        let sums: Vec<_> = sums.into_iter().collect();
        let bind = |query: Query, ((realm, span, start, counter), n): &((Realm, Span, Timestamp, &str), i64)| {
            query.realm(*realm).bind(span.as_str()).time(*start).bind(*counter).bind(*n)
        };
        COUNT.write(conn, &sums, bind).await?;
        Ok(rows.len() as u64)
    }

    async fn move_seen(&self, conn: &mut Conn) -> Tried<u64> {
        let rows = self.over(query(&SEEN_BEFORE)).fetch_all(conn).await?;
        let mut seen: BTreeSet<(Realm, Span, Timestamp, &str)> = BTreeSet::new();
        for row in &rows {
            let (realm, minute) = (row.realm()?, row.time("minute")?);
            for span in Span::ALL {
                seen.insert((realm, span, span.start(minute), row.str("user_id")?));
            }
        }
        let seen: Vec<_> = seen.into_iter().collect();
        let bind = |query: Query, (realm, span, start, user): &(Realm, Span, Timestamp, &str)| {
            query.realm(*realm).bind(span.as_str()).time(*start).bind(*user)
        };
        let mut active: BTreeMap<(Realm, Span, Timestamp), i64> = BTreeMap::new();
        for row in SEE.fetch(conn, &seen, bind).await? {
            *active.entry((row.realm()?, row.named("span")?, row.time("start")?)).or_default() += 1;
        }
        let active: Vec<_> = active.into_iter().collect();
        let bind = |query: Query, ((realm, span, start), users): &((Realm, Span, Timestamp), i64)| {
            query.realm(*realm).bind(span.as_str()).time(*start).bind(*users)
        };
        ACTIVE.write(conn, &active, bind).await?;
        Ok(rows.len() as u64)
    }

    async fn forget(&self, conn: &mut Conn) -> Tried<u64> {
        let mut forgotten = 0;
        for (span, kept) in Span::ALL.into_iter().filter_map(|span| Some((span, span.kept()?))) {
            for text in [&OLD_USAGE, &OLD_SEEN, &OLD_ACTIVE] {
                let query = query(text).bind(span.as_str()).time(self.now.minus(kept)).count(ROUND);
                forgotten += query.execute(conn).await?;
            }
        }
        for (text, kept) in [(&OLD_CALLS, CALLS_KEPT), (&OLD_FAILURES, FAILURES_KEPT)] {
            forgotten += query(text).time(self.now.minus(kept)).count(ROUND).execute(conn).await?;
        }
        Ok(forgotten)
    }

    fn over(&self, query: Query) -> Query {
        query.time(self.now.minus(MINUTES_KEPT)).count(ROUND)
    }
}
