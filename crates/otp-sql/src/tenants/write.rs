//! Tenants are added and replaced, and their keys used.

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::email::EmailAddress;
use otp_core::port::{Inserted, Replaced};
use otp_core::tenant::{Tenant, Version};
use otp_core::time::Timestamp;

use super::{configurations, origins};
use crate::sql::{Conn, Query, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    /// The number of a change. Whoever has it keeps others waiting for theirs until he has committed, so
    /// that a number is never seen before a smaller one.
    NUMBER = "UPDATE changes SET n = n + 1 RETURNING n";
    INSERT = "
        INSERT INTO tenants (id, version, name, company_name, owner, plan, status, created_at, document, changed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT DO NOTHING";
    REPLACE = "
        UPDATE tenants
        SET version = $2, name = $3, company_name = $4, owner = $5, plan = $6, status = $7, created_at = $8,
            document = $9, changed = $10
        WHERE id = $1 AND version = $11";
    EXISTS = "SELECT 1 FROM tenants WHERE id = $1";
    OWNED = "SELECT 1 FROM tenants WHERE id = $1 OR owner = $2";
    FORGET_KEYS = "DELETE FROM api_keys WHERE tenant = $1";
    ADD_KEYS(Octets, Text) = "INSERT INTO api_keys (hash, tenant) {rows}";
}

/// Binds what both [`INSERT`] and [`REPLACE`] set.
fn bind(query: Query, tenant: &Tenant, change: i64) -> Tried<Query> {
    let document = serde_json::to_string(tenant).map_err(|_| Trouble::corrupt("a tenant is no JSON"))?;
    let query = query.text(tenant.id).bind(number(tenant.version)?).bind(tenant.name.as_str());
    let query = query.bind(tenant.company_name.as_deref()).bind(tenant.owner.as_ref().map(EmailAddress::canonical));
    let query = query.bind(tenant.plan.as_str()).bind(tenant.status.as_str());
    Ok(query.time(tenant.created_at).bind(document).bind(change))
}

fn number(version: Version) -> Tried<i64> {
    version.try_into().map_err(|_| Trouble::corrupt("a version is out of range"))
}

async fn number_of_change(conn: &mut Conn) -> Tried<i64> {
    query(&NUMBER).fetch_one(conn).await?.number("n")
}

async fn add_keys(conn: &mut Conn, tenant: &Tenant) -> Tried<()> {
    ADD_KEYS.write(conn, &tenant.keys, |query, key| query.octets(key.hash.as_bytes()).text(tenant.id)).await
}

/// Whether `tenant` cannot be added: its id is there, or its owner has one.
pub(crate) async fn exists(conn: &mut Conn, tenant: &Tenant) -> Tried<bool> {
    let owner = tenant.owner.as_ref().map(EmailAddress::canonical);
    Ok(query(&OWNED).text(tenant.id).bind(owner).fetch_optional(conn).await?.is_some())
}

/// Adds `tenant`; answers whether that was possible.
pub(crate) async fn add(conn: &mut Conn, tenant: &Tenant) -> Tried<bool> {
    let change = number_of_change(conn).await?;
    if bind(query(&INSERT), tenant, change)?.execute(conn).await? == 0 {
        return Ok(false);
    }
    add_keys(conn, tenant).await?;
    origins::add(conn, tenant).await?;
    configurations::keep(conn, tenant).await?;
    Ok(true)
}

/// Adds a tenant.
pub(super) struct Insert {
    pub(super) tenant: Tenant,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Insert {
    const OP: &'static str = "sql.insert_tenant";
    type Answer = Inserted;

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need_for(&self.effects);
    }

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Inserted> {
        if !add(conn, &self.tenant).await? {
            return Ok(Inserted::Exists);
        }
        set.apply(&self.effects, self.now)?;
        Ok(Inserted::Inserted)
    }
}

/// Replaces a tenant by its next version.
pub(super) struct Replace {
    pub(super) tenant: Tenant,
    pub(super) expected: Version,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Replace {
    const OP: &'static str = "sql.replace_tenant";
    type Answer = Replaced;

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need_for(&self.effects);
    }

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Replaced> {
        let id = self.tenant.id;
        let change = number_of_change(conn).await?;
        let replace = bind(query(&REPLACE), &self.tenant, change)?.bind(number(self.expected)?);
        if replace.execute(conn).await? == 0 {
            let exists = query(&EXISTS).text(id).fetch_optional(conn).await?.is_some();
            return Ok(if exists { Replaced::Conflict } else { Replaced::Missing });
        }
        query(&FORGET_KEYS).text(id).execute(conn).await?;
        add_keys(conn, &self.tenant).await?;
        origins::forget(conn, id).await?;
        origins::add(conn, &self.tenant).await?;
        configurations::keep(conn, &self.tenant).await?;
        set.apply(&self.effects, self.now)?;
        Ok(Replaced::Replaced)
    }
}
