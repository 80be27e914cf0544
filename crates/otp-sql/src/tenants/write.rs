//! Tenants are added and replaced, and their keys used.

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::email::EmailAddress;
use otp_core::id::{KeyId, TenantId};
use otp_core::port::{Inserted, Replaced};
use otp_core::tenant::{Tenant, Version};
use otp_core::time::Timestamp;

use crate::sql::{Bind, Conn, Query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    INSERT = "
        INSERT INTO tenants (id, version, name, company_name, owner, plan, status, created_at, document)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING";
    REPLACE = "
        UPDATE tenants
        SET version = $2, name = $3, company_name = $4, owner = $5, plan = $6, status = $7, created_at = $8, document = $9
        WHERE id = $1 AND version = $10";
    EXISTS = "SELECT 1 FROM tenants WHERE id = $1";
    FORGET_KEYS = "DELETE FROM api_keys WHERE tenant = $1";
    ADD_KEYS(2) = "INSERT INTO api_keys (hash, tenant) VALUES {rows}";
    TOUCH = "
        INSERT INTO key_uses (tenant, key, used_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (tenant, key) DO UPDATE SET used_at = excluded.used_at WHERE excluded.used_at > key_uses.used_at";
}

/// Binds what both [`INSERT`] and [`REPLACE`] set.
fn bind<'q>(query: Query<'q>, tenant: &'q Tenant) -> Tried<Query<'q>> {
    let document = serde_json::to_string(tenant).map_err(|_| Trouble::corrupt("a tenant is no JSON"))?;
    let query = query.text(tenant.id).bind(number(tenant.version)?).bind(tenant.name.as_str());
    let query = query.bind(tenant.company_name.as_deref()).bind(tenant.owner.as_ref().map(EmailAddress::canonical));
    let query = query.bind(tenant.plan.as_str()).bind(tenant.status.as_str());
    Ok(query.time(tenant.created_at).bind(document))
}

fn number(version: Version) -> Tried<i64> {
    version.try_into().map_err(|_| Trouble::corrupt("a version is out of range"))
}

async fn add_keys(conn: &mut Conn, tenant: &Tenant) -> Tried<()> {
    ADD_KEYS.write(conn, &tenant.keys, |query, key| query.octets(key.hash.as_bytes()).text(tenant.id)).await
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

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Inserted> {
        if bind(sqlx::query(INSERT), &self.tenant)?.execute(&mut *conn).await?.rows_affected() == 0 {
            return Ok(Inserted::Exists);
        }
        add_keys(conn, &self.tenant).await?;
        set.effects.apply(&self.effects, self.now)?;
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

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Replaced> {
        let id = self.tenant.id;
        let replace = bind(sqlx::query(REPLACE), &self.tenant)?.bind(number(self.expected)?);
        if replace.execute(&mut *conn).await?.rows_affected() == 0 {
            let exists = sqlx::query(EXISTS).text(id).fetch_optional(conn).await?.is_some();
            return Ok(if exists { Replaced::Conflict } else { Replaced::Missing });
        }
        sqlx::query(FORGET_KEYS).text(id).execute(&mut *conn).await?;
        add_keys(conn, &self.tenant).await?;
        set.effects.apply(&self.effects, self.now)?;
        Ok(Replaced::Replaced)
    }
}

/// Notes that a key was used.
pub(super) struct Touch {
    pub(super) tenant: TenantId,
    pub(super) key: KeyId,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Verb for Touch {
    const OP: &'static str = "sql.touch";
    type Answer = ();

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<()> {
        sqlx::query(TOUCH).text(self.tenant).text(self.key).time(self.at).execute(conn).await?;
        Ok(())
    }
}
