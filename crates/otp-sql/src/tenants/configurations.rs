//! Every version of what a tenant has set for itself.

use async_trait::async_trait;
use otp_core::id::TenantId;
use otp_core::port::ConfigMark;
use otp_core::tenant::{Configured, Tenant};
use serde::Serialize;

use crate::sql::{Conn, Query, Row, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    /// What is set in a version never changes, only the seal of what is secret in it.
    RESEAL = "UPDATE configurations SET settings = $1 WHERE tenant = $2 AND number = $3";
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
    let Configured { number, at, by, settings } = &*tenant.config;
    let number = i64::try_from(*number).map_err(|_| Trouble::corrupt("a version is out of range"))?;
    let query = query(&KEEP).text(tenant.id).bind(number).time(*at).bind(json(by)?).bind(json(settings)?);
    query.execute(conn).await?;
    Ok(())
}

/// Puts a version sealed anew in its place.
pub(super) struct Reseal {
    pub(super) tenant: TenantId,
    pub(super) anew: Configured,
}

#[async_trait]
impl Verb for Reseal {
    const OP: &'static str = "sql.reseal_configuration";
    type Answer = bool;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<bool> {
        let query = query(&RESEAL).bind(json(&self.anew.settings)?).text(self.tenant).bind(clamped(self.anew.number));
        Ok(query.execute(conn).await? > 0)
    }
}

fn json(value: &impl Serialize) -> Tried<String> {
    serde_json::to_string(value).map_err(|_| Trouble::corrupt("a configuration is no JSON"))
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
