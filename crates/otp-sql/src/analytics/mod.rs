//! What was counted, by the span of time: minutes that are not rolled up yet, and spans that are. Both are read in one
//! statement each, for what is rolled up between two would be missed or counted twice.

mod rollup;

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::analytics::Span;
use otp_core::effect::Counter;
use otp_core::fault::Res;
use otp_core::port::{Active, Analytics, Counted, Metering, Total};
use otp_core::realm::{Mode, Realm};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::room;
use crate::sql::{Query, query, statements};
use crate::trouble::{Tried, Trouble};

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;

statements! {
    /// The fresh ones by the hour, of which longer spans consist. The remainder of a negative number is negative.
    TOTALS = "
        SELECT start, counter, n FROM usage_spans
        WHERE tenant = $1 AND mode = $2 AND span = $3 AND start >= $4 AND start < $5
        UNION ALL
        SELECT f.start, f.counter, CAST(SUM(f.n) AS BIGINT) AS n
        FROM (
            SELECT minute - ((minute % 3600000) + 3600000) % 3600000 AS start, counter, n FROM usage_minutes
            WHERE tenant = $1 AND mode = $2 AND minute >= $4 AND minute < $5
        ) AS f
        GROUP BY f.start, f.counter";
    /// Of spans that all last as long. Of the fresh ones those who are not among the rolled up of the same span: each is
    /// looked up by the whole key. As a join, Postgres would go through all of the span for each.
    ACTIVE = "
        SELECT start, users FROM active_spans
        WHERE tenant = $1 AND mode = $2 AND span = $3 AND start >= $4 AND start < $5
        UNION ALL
        SELECT f.start, COUNT(*) AS users
        FROM (
            SELECT DISTINCT minute - ((minute % $6) + $6) % $6 AS start, user_id FROM seen_minutes
            WHERE tenant = $1 AND mode = $2 AND minute >= $4 AND minute < $5
        ) AS f
        WHERE (
            SELECT s.start FROM seen_spans s
            WHERE s.tenant = $1 AND s.mode = $2 AND s.span = $3 AND s.start = f.start AND s.user_id = f.user_id
        ) IS NULL
        GROUP BY f.start";
    /// The same of one span, however long it lasts.
    ACTIVE_IN_ONE = "
        SELECT
            COALESCE((SELECT users FROM active_spans WHERE tenant = $1 AND mode = $2 AND span = $3 AND start = $4), 0)
            + (
                SELECT COUNT(*)
                FROM (
                    SELECT DISTINCT user_id FROM seen_minutes
                    WHERE tenant = $1 AND mode = $2 AND minute >= $4 AND minute < $5
                ) AS f
                WHERE (
                    SELECT s.start FROM seen_spans s
                    WHERE s.tenant = $1 AND s.mode = $2 AND s.span = $3 AND s.start = $4 AND s.user_id = f.user_id
                ) IS NULL
            ) AS users";
    UNIQUE = "
        SELECT COUNT(*) AS users
        FROM (
            SELECT user_id FROM seen_spans
            WHERE tenant = $1 AND mode = $2 AND span = $3 AND start >= $4 AND start < $5
            UNION
            SELECT user_id FROM seen_minutes
            WHERE tenant = $1 AND mode = $2 AND minute >= $4 AND minute < $5
        ) AS u";
    SINCE = "
        SELECT counter, CAST(SUM(n) AS BIGINT) AS n FROM usage_minutes
        WHERE tenant = $1 AND mode = $2 AND minute >= $3
        GROUP BY counter";
    ACTIVE_SINCE = "
        SELECT COUNT(DISTINCT user_id) AS users FROM seen_minutes
        WHERE tenant = $1 AND mode = $2 AND minute >= $3";
    /// How many users there are, and how many octets the newest of them take: the others differ little.
    USER_OCTETS = "
        SELECT c.users * COALESCE(CAST((
            SELECT AVG(w.octets)
            FROM (
                SELECT LENGTH(address) + LENGTH(address_key) + LENGTH(id) + 16 AS octets FROM users
                WHERE tenant = $1 AND mode = $2
                ORDER BY created_at DESC, id DESC
                LIMIT 100
            ) AS w
        ) AS BIGINT), 0) AS octets
        FROM user_counts c
        WHERE c.tenant = $1 AND c.mode = $2";
    TRAIL_OCTETS = "
        SELECT
            COALESCE((SELECT octets FROM audit_heads WHERE tenant = $1), 0)
            + COALESCE((SELECT CAST(SUM(LENGTH(entry)) AS BIGINT) FROM audit_unsealed WHERE tenant = $1), 0) AS octets";
}

#[async_trait]
impl Metering for SqlStore {
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>> {
        let totals = self.totals(realm, Span::Hour, from, until).await?;
        Ok(totals.into_iter().map(Counted::from).collect())
    }

    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64> {
        self.unique(realm, Span::Hour, from, until).await
    }

    async fn users(&self, realm: Realm) -> Res<u64> {
        const OP: &str = "sql.users";
        let row = self.readers.one(OP, room::users(realm)).await?;
        row.map_or(Ok(0), |row| row.number("users")).map_err(|trouble| trouble.fault(OP))
    }
}

#[async_trait]
impl Analytics for SqlStore {
    async fn totals(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<Vec<Total>> {
        const OP: &str = "sql.totals";
        let mut sums: BTreeMap<(Timestamp, Counter), u64> = BTreeMap::new();
        let rows = self.readers.all(OP, within(query(&TOTALS), realm, span, from, until)).await?;
        for row in &rows {
            let read = || -> Tried<_> { Ok((row.time("start")?, row.named("counter")?, row.number::<u64>("n")?)) };
            let (start, counter, count) = read().map_err(|trouble| trouble.fault(OP))?;
            let start = span.start(start);
            // The range may begin within a span, which then is not one of those that begin in it.
            if start >= from {
                *sums.entry((start, counter)).or_default() += count;
            }
        }
        // The order of counters is the domain's, not that of their names.
        Ok(sums.into_iter().map(|((start, counter), count)| Total { start, counter, count }).collect())
    }

    async fn active(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<Vec<Active>> {
        let mut users = BTreeMap::new();
        match span {
            Span::Hour => self.active_by(HOUR, realm, span, from, until, &mut users).await?,
            Span::Day => self.active_by(24 * HOUR, realm, span, from, until, &mut users).await?,
            Span::Month => {
                for start in span.starts(from, until) {
                    let end = span.next(start).min(until);
                    let query = within(query(&ACTIVE_IN_ONE), realm, span, start, end);
                    users.insert(start, self.number("sql.active", query, "users").await?);
                }
            }
        }
        let active = users.into_iter().map(|(start, users)| Active { start, users });
        Ok(active.filter(|active| active.users > 0 && active.start >= from).collect())
    }

    async fn unique(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<u64> {
        self.number("sql.unique", within(query(&UNIQUE), realm, span, from, until), "users").await
    }

    async fn since(&self, realm: Realm, from: Timestamp) -> Res<Vec<(Counter, u64)>> {
        const OP: &str = "sql.since";
        let rows = self.readers.all(OP, query(&SINCE).realm(realm).time(from.minute())).await?;
        let counted = rows.iter().map(|row| Ok((row.named("counter")?, row.number("n")?)));
        counted.collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn active_since(&self, realm: Realm, from: Timestamp) -> Res<u64> {
        self.number("sql.active_since", query(&ACTIVE_SINCE).realm(realm).time(from.minute()), "users").await
    }

    async fn octets(&self, realm: Realm) -> Res<u64> {
        const OP: &str = "sql.octets";
        let users = self.readers.one(OP, query(&USER_OCTETS).realm(realm)).await?;
        let users: u64 =
            users.map_or(Ok(0), |row| row.number("octets")).map_err(|trouble: Trouble| trouble.fault(OP))?;
        Ok(match realm.mode {
            Mode::Live => users + self.number(OP, query(&TRAIL_OCTETS).text(realm.tenant), "octets").await?,
            Mode::Test => users,
        })
    }

    async fn roll_up(&self, now: Timestamp) -> Res<u64> {
        self.writer.run(rollup::RollUp { now }).await
    }
}

impl SqlStore {
    /// Adds up who was active in spans that last `length` milliseconds.
    async fn active_by(
        &self,
        length: i64,
        realm: Realm,
        span: Span,
        from: Timestamp,
        until: Timestamp,
        users: &mut BTreeMap<Timestamp, u64>,
    ) -> Res<()> {
        const OP: &str = "sql.active";
        let rows = self.readers.all(OP, within(query(&ACTIVE), realm, span, from, until).bind(length)).await?;
        for row in &rows {
            let read = || -> Tried<_> { Ok((row.time("start")?, row.number::<u64>("users")?)) };
            let (start, more) = read().map_err(|trouble| trouble.fault(OP))?;
            *users.entry(start).or_default() += more;
        }
        Ok(())
    }

    async fn number(&self, op: &'static str, query: Query, column: &'static str) -> Res<u64> {
        self.readers.only(op, query).await?.number(column).map_err(|trouble| trouble.fault(op))
    }
}

fn within(query: Query, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Query {
    query.realm(realm).bind(span.as_str()).time(from).time(until)
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements(engine: crate::sql::Engine) -> Vec<&'static str> {
    [statements(engine), rollup::statements(engine)].concat()
}
