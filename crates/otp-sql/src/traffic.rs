//! Calls and failures, as processes have counted them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::port::{Calls, Failure, Failures, Traffic, TrafficLog};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;
use otp_core::traffic::{Bucket, Category, RECENT};

use crate::SqlStore;
use crate::sql::{Conn, Row, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    CALLED(Text, Text, Number, Text, Number, Number, Number) = "
        INSERT INTO calls (tenant, mode, minute, route, bucket, n, micros)
        {rows}
        ON CONFLICT (tenant, mode, minute, route, bucket) DO UPDATE SET
            n = calls.n + excluded.n, micros = calls.micros + excluded.micros";
    FAILED(Text, Text, Number, Text, Text, Text, Number) = "
        INSERT INTO failures (tenant, mode, day, category, endpoint, code, n)
        {rows}
        ON CONFLICT (tenant, mode, day, category, endpoint, code) DO UPDATE SET n = failures.n + excluded.n";
    FAILED_JUST_NOW(Text, Text, Text, Number, Text, Text, Text) = "
        INSERT INTO recent_failures (tenant, mode, category, at, endpoint, code, request)
        {rows}";
    /// A bound for SQLite, which skips none without; there are never as many.
    NOT_RECENT = "
        DELETE FROM recent_failures
        WHERE number IN (
            SELECT number FROM recent_failures
            WHERE tenant = $1 AND mode = $2 AND category = $3
            ORDER BY at DESC, number DESC
            LIMIT 1000000 OFFSET $4
        )";
    CALLS = "
        SELECT route, bucket, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(micros) AS BIGINT) AS micros FROM calls
        WHERE tenant = $1 AND mode = $2 AND minute >= $3
        GROUP BY route, bucket";
    FAILURES = "
        SELECT category, endpoint, code, CAST(SUM(n) AS BIGINT) AS n FROM failures
        WHERE tenant = $1 AND mode = $2 AND day >= $3 AND day < $4
        GROUP BY category, endpoint, code";
    RECENT_FAILURES = "
        SELECT category, at, endpoint, code, request FROM recent_failures
        WHERE tenant = $1 AND mode = $2 AND category = $3 AND at >= $4 AND at < $5
        ORDER BY at DESC, number DESC
        LIMIT $6";
}

#[async_trait]
impl TrafficLog for SqlStore {
    async fn record(&self, mut traffic: Traffic) -> Res<()> {
        // In the order in which everybody locks these rows.
        traffic
            .calls
            .sort_by(|a, b| (a.realm, a.minute, &a.route, a.bucket).cmp(&(b.realm, b.minute, &b.route, b.bucket)));
        traffic.failures.sort();
        self.writer.run(Record(traffic)).await
    }

    async fn calls_since(&self, realm: Realm, from: Timestamp) -> Res<Vec<Calls>> {
        const OP: &str = "sql.calls_since";
        let minute = from.minute();
        let rows = self.readers.all(OP, query(&CALLS).realm(realm).time(minute)).await?;
        let calls = rows.iter().map(|row| {
            Ok(Calls {
                realm,
                minute,
                route: row.str("route")?.to_owned(),
                bucket: Bucket::from_u8(row.number("bucket")?),
                count: row.number("n")?,
                micros: row.number("micros")?,
            })
        });
        calls.collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn failures(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Failures>> {
        const OP: &str = "sql.failures";
        let rows = self.readers.all(OP, query(&FAILURES).realm(realm).time(from).time(until)).await?;
        let failures = rows.iter().map(|row| {
            Ok(Failures {
                category: row.named("category")?,
                endpoint: row.str("endpoint")?.to_owned(),
                code: row.str("code")?.to_owned(),
                count: row.number("n")?,
            })
        });
        let mut failures = failures.collect::<Tried<Vec<_>>>().map_err(|trouble| trouble.fault(OP))?;
        failures.sort();
        Ok(failures)
    }

    async fn recent(
        &self,
        realm: Realm,
        category: Option<Category>,
        from: Timestamp,
        until: Timestamp,
        max: usize,
    ) -> Res<Vec<Failure>> {
        const OP: &str = "sql.recent_failures";
        let mut recent = Vec::new();
        for each in Category::ALL.into_iter().filter(|each| category.is_none_or(|category| category == *each)) {
            let query = query(&RECENT_FAILURES).realm(realm).bind(each.as_str()).time(from).time(until);
            let rows = self.readers.all(OP, query.count(max)).await?;
            for row in &rows {
                recent.push(failure(row).map_err(|trouble| trouble.fault(OP))?);
            }
        }
        // Stable: those of one category keep the order they were answered in.
        recent.sort_by_key(|failure| std::cmp::Reverse(failure.at));
        recent.truncate(max);
        Ok(recent)
    }
}

fn failure(row: &Row) -> Tried<Failure> {
    Ok(Failure {
        category: row.named("category")?,
        at: row.time("at")?,
        endpoint: row.str("endpoint")?.to_owned(),
        code: row.str("code")?.to_owned(),
        request_id: if row.is_null("request")? { None } else { Some(row.str("request")?.to_owned()) },
    })
}

/// Adds traffic to what is there.
struct Record(Traffic);

#[async_trait]
impl Verb for Record {
    const OP: &'static str = "sql.record";
    type Answer = ();

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<()> {
        let Self(Traffic { calls, counts, failures, recent }) = self;
        CALLED
            .write(conn, calls, |query, calls| {
                let query = query.realm(calls.realm).time(calls.minute).bind(calls.route.as_str());
                query.bind(calls.bucket.as_u8()).bind(whole(calls.count)).bind(whole(calls.micros))
            })
            .await?;
        FAILED
            .write(conn, failures, |query, (realm, day, failures)| {
                let query = query.realm(*realm).time(*day).bind(failures.category.as_str());
                query.bind(failures.endpoint.as_str()).bind(failures.code.as_str()).bind(whole(failures.count))
            })
            .await?;
        FAILED_JUST_NOW
            .write(conn, recent, |query, (realm, failure)| {
                let query = query.realm(*realm).bind(failure.category.as_str()).time(failure.at);
                query.bind(failure.endpoint.as_str()).bind(failure.code.as_str()).bind(failure.request_id.as_deref())
            })
            .await?;
        let kinds: BTreeSet<_> = recent.iter().map(|(realm, failure)| (*realm, failure.category)).collect();
        for (realm, category) in kinds {
            query(&NOT_RECENT).realm(realm).bind(category.as_str()).count(RECENT).execute(conn).await?;
        }
        for (realm, minute, counter, count) in counts {
            set.effects.count(*realm, *counter, *minute, whole(*count));
        }
        Ok(())
    }
}

/// `count` as a column holds it.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
