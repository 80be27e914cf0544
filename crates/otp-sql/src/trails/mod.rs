//! Audit trails: what was written and waits to be sealed, and the chains.

mod seal;
mod shorten;

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::audit::{AuditEntry, Head, Kept, Link, Mac};
use otp_core::fault::Res;
use otp_core::id::TenantId;
use otp_core::port::{AuditCursor, AuditFilter, AuditLog, AuditTrail, Placed, Sealing, Unsealed};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{AFTER_EVERY_ID, Query, Row, query, statements};
use crate::trouble::Tried;

/// Of one of the two tables entries are in. They are read as they stand, so that no index has to know what they hold.
macro_rules! page_of {
    ($table:literal, $seq:literal) => {
        concat!(
            "SELECT ", $seq, " AS seq, at, id, entry FROM ", $table, "
            WHERE tenant = $1 AND (at, id) < ($2, $3) AND at >= $4
              AND ($5 = '' OR (entry{postgres: ::json}) ->> 'event' = $5)
              AND ($6 = '' OR COALESCE((entry{postgres: ::json}) -> 'actor' ->> 'id', (entry{postgres: ::json}) -> 'actor' ->> 'type') = $6)
              AND ($7 = '' OR entry LIKE '%' || $7 || '%')
            ORDER BY at DESC, id DESC
            LIMIT $8"
        )
    };
}

macro_rules! head_columns {
    () => {
        "h.tenant, h.first, h.before, h.last, h.latest, h.oldest, h.mac AS head_mac"
    };
}

statements! {
    UNSEALED_PAGE = page_of!("audit_unsealed", "NULL");
    SEALED_PAGE = page_of!("audit", "seq");
    RECENT_UNSEALED = "SELECT entry FROM audit_unsealed WHERE tenant = $1 ORDER BY number DESC LIMIT $2";
    RECENT_SEALED = "SELECT entry FROM audit WHERE tenant = $1 ORDER BY seq DESC LIMIT $2";
    UNSEALED = concat!(
        "SELECT u.tenant AS of_tenant, u.number, u.at, u.id, u.entry, ", head_columns!(), "
        FROM (SELECT * FROM audit_unsealed ORDER BY number LIMIT $1) AS u
        LEFT JOIN audit_heads h ON h.tenant = u.tenant
        ORDER BY u.number"
    );
    HEAD = concat!("SELECT ", head_columns!(), " FROM audit_heads h WHERE h.tenant = $1");
    LINKS = "SELECT seq, mac, at, id, entry FROM audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    WAITING = "SELECT COUNT(*) AS n FROM audit_unsealed WHERE tenant = $1";
    BEGINNING_BEFORE = concat!(
        "SELECT ", head_columns!(), " FROM audit_heads h WHERE h.oldest < $1 ORDER BY h.oldest LIMIT $2"
    );
}

#[async_trait]
impl AuditLog for SqlStore {
    async fn recent(&self, tenant: TenantId, max: usize) -> Res<Vec<AuditEntry>> {
        const OP: &str = "sql.recent";
        // What is sealed between the two reads is read twice then, not missed.
        let mut rows = self.readers.all(OP, query(&RECENT_UNSEALED).text(tenant).count(max)).await?;
        rows.extend(self.readers.all(OP, query(&RECENT_SEALED).text(tenant).count(max)).await?);
        let entries = rows.iter().map(|row| row.json::<AuditEntry>("entry")).collect::<Tried<Vec<_>>>();
        let mut entries = entries.map_err(|trouble| trouble.fault(OP))?;
        let mut seen = std::collections::BTreeSet::new();
        entries.retain(|entry| seen.insert(entry.id));
        entries.truncate(max);
        Ok(entries)
    }
}

#[async_trait]
impl AuditTrail for SqlStore {
    async fn page(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        max: usize,
    ) -> Res<Vec<Placed>> {
        const OP: &str = "sql.trail";
        let ask = |query: Query| {
            let query = query.text(tenant);
            let query = match (after, filter.until) {
                (Some(last), until) if until.is_none_or(|until| last.at < until) => query.time(last.at).text(last.id),
                // Before every id of that time.
                (_, Some(until)) => query.time(until).bind(""),
                (_, None) => query.bind(i64::MAX).bind(AFTER_EVERY_ID),
            };
            let query = query.bind(filter.from.map_or(i64::MIN, Timestamp::as_millis));
            let query = query.bind(filter.event.map_or("", |event| event.as_str()));
            let query = query.bind(filter.actor.as_deref().unwrap_or_default());
            query.bind(filter.mentions.as_deref().unwrap_or_default()).count(max)
        };
        let mut rows = self.readers.all(OP, ask(query(&UNSEALED_PAGE))).await?;
        rows.extend(self.readers.all(OP, ask(query(&SEALED_PAGE))).await?);
        let placed = |row: &Row| -> Tried<Placed> {
            Ok(Placed {
                entry: row.json("entry")?,
                seq: if row.is_null("seq")? { None } else { Some(row.number("seq")?) },
            })
        };
        let placed = rows.iter().map(placed).collect::<Tried<Vec<_>>>().map_err(|trouble| trouble.fault(OP))?;
        // What was sealed between the two reads is there twice: once with its place.
        let by_age: BTreeMap<_, _> =
            placed.into_iter().map(|placed| ((placed.entry.at, placed.entry.id), placed)).collect();
        Ok(by_age.into_values().rev().take(max).collect())
    }

    async fn unsealed(&self, max: usize) -> Res<Vec<Unsealed>> {
        const OP: &str = "sql.unsealed";
        let rows = self.readers.all(OP, query(&UNSEALED).count(max)).await?;
        let mut trails: BTreeMap<TenantId, Unsealed> = BTreeMap::new();
        for row in &rows {
            let read =
                || -> Tried<_> { Ok((row.text("of_tenant")?, row.number("number")?, kept(row)?, head_of(row)?)) };
            let (tenant, number, kept, head) = read().map_err(|trouble| trouble.fault(OP))?;
            let trail = trails.entry(tenant).or_insert(Unsealed { tenant, head, entries: Vec::new() });
            trail.entries.push((number, kept));
        }
        Ok(trails.into_values().collect())
    }

    async fn seal(&self, sealings: Vec<Sealing>) -> Res<u64> {
        self.writer.run(seal::Seal(sealings)).await
    }

    async fn head(&self, tenant: TenantId) -> Res<Option<Head>> {
        const OP: &str = "sql.head";
        let row = self.readers.one(OP, query(&HEAD).text(tenant)).await?;
        row.as_ref().map(head).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn links(&self, tenant: TenantId, after: u64, max: usize) -> Res<Vec<Link>> {
        const OP: &str = "sql.links";
        let rows = self.readers.all(OP, query(&LINKS).text(tenant).bind(place(after)).count(max)).await?;
        let link = |row: &Row| -> Tried<Link> {
            Ok(Link { seq: row.number("seq")?, mac: Mac::from_bytes(row.hash("mac")?), kept: kept(row)? })
        };
        rows.iter().map(link).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn waiting(&self, tenant: TenantId) -> Res<u64> {
        const OP: &str = "sql.waiting";
        let row = self.readers.only(OP, query(&WAITING).text(tenant)).await?;
        row.number("n").map_err(|trouble| trouble.fault(OP))
    }

    async fn beginning_before(&self, before: Timestamp, max: usize) -> Res<Vec<(TenantId, Head)>> {
        const OP: &str = "sql.beginning_before";
        let rows = self.readers.all(OP, query(&BEGINNING_BEFORE).time(before).count(max)).await?;
        let heads = rows.iter().map(|row| Ok((row.text("tenant")?, head(row)?)));
        heads.collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn shorten(&self, tenant: TenantId, expected: &Head, head: Head) -> Res<u64> {
        self.writer.run(shorten::Shorten { tenant, expected: *expected, head }).await
    }
}

fn kept(row: &Row) -> Tried<Kept> {
    Ok(Kept { id: row.text("id")?, at: row.time("at")?, text: row.str("entry")?.to_owned() })
}

/// The head of a row that may have none.
fn head_of(row: &Row) -> Tried<Option<Head>> {
    if row.is_null("head_mac")? { Ok(None) } else { head(row).map(Some) }
}

fn head(row: &Row) -> Tried<Head> {
    Ok(Head {
        first: row.number("first")?,
        before: Mac::from_bytes(row.hash("before")?),
        last: row.number("last")?,
        latest: Mac::from_bytes(row.hash("latest")?),
        oldest: if row.is_null("oldest")? { None } else { Some(row.time("oldest")?) },
        mac: Mac::from_bytes(row.hash("head_mac")?),
    })
}

/// A place in a chain, as a column holds it.
fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A time that may be absent.
fn age(oldest: Option<Timestamp>) -> crate::sql::Arg {
    crate::sql::Arg::Number(oldest.map(Timestamp::as_millis))
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements(engine: crate::sql::Engine) -> Vec<&'static str> {
    [statements(engine), seal::statements(engine), shorten::statements(engine)].concat()
}
