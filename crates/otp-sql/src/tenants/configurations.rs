//! Every version of what a tenant has set for itself.

use otp_core::id::TenantId;
use otp_core::port::ConfigMark;
use otp_core::tenant::{Configured, Tenant};

use crate::sql::{Conn, Query, Row, query, statements};
use crate::trouble::{Tried, Trouble};

statements! {
    /// What is kept stays as it is: a version is one for ever.
    KEEP = "
        INSERT INTO configurations (tenant, number, at, actor, settings)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant, number) DO NOTHING";
    MARKS = "
        SELECT number, at, actor FROM configurations
        WHERE tenant = $1 AND number < $2
        ORDER BY number DESC
        LIMIT $3";
    ONE = "SELECT number, at, actor, settings FROM configurations WHERE tenant = $1 AND number = $2";
}

/// Keeps what `tenant` has set under its number.
pub(super) async fn keep(conn: &mut Conn, tenant: &Tenant) -> Tried<()> {
    let json = |text: serde_json::Result<String>| text.map_err(|_| Trouble::corrupt("a configuration is no JSON"));
    let Configured { number, at, by, settings } = &*tenant.config;
    let number = i64::try_from(*number).map_err(|_| Trouble::corrupt("a version is out of range"))?;
    let query = query(&KEEP).text(tenant.id).bind(number).time(*at);
    let query = query.bind(json(serde_json::to_string(by))?).bind(json(serde_json::to_string(settings))?);
    query.execute(conn).await?;
    Ok(())
}

/// Asks for versions older than `before`.
pub(super) fn marks(tenant: TenantId, before: Option<u64>, max: usize) -> Query {
    query(&MARKS).text(tenant).bind(clamped(before.unwrap_or(u64::MAX))).count(max)
}

/// Asks for one version.
pub(super) fn one(tenant: TenantId, number: u64) -> Query {
    query(&ONE).text(tenant).bind(clamped(number))
}

/// No version has a number that does not fit.
fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn mark(row: &Row) -> Tried<ConfigMark> {
    Ok(ConfigMark { number: row.number("number")?, at: row.time("at")?, by: row.json("actor")? })
}

pub(super) fn read(row: &Row) -> Tried<Configured> {
    let ConfigMark { number, at, by } = mark(row)?;
    Ok(Configured { number, at, by, settings: row.json("settings")? })
}
