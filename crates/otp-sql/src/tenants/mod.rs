//! Tenants, compared and set as a whole.

mod write;

use async_trait::async_trait;
use otp_core::api_key::KeyHash;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::id::{KeyId, TenantId};
use otp_core::port::{Inserted, Replaced, TenantCursor, TenantFilter, TenantStore};
use otp_core::tenant::{Tenant, TenantStatus, Version};
use otp_core::time::Timestamp;

use crate::SqliteStore;
use crate::sql::{Bind, Read, Row, statements};
use crate::trouble::Tried;

statements! {
    BY_KEY = "SELECT t.document FROM api_keys k JOIN tenants t ON t.id = k.tenant WHERE k.hash = $1";
    BY_ID = "SELECT document FROM tenants WHERE id = $1";
    /// `lower` folds ASCII letters and no others, as `TenantFilter::matches` does; `instr` knows no wildcards.
    LIST = "
        SELECT document FROM tenants
        WHERE id <> $1
          AND ($2 IS NULL OR status = $2)
          AND ($3 IS NULL OR plan = $3)
          AND ($4 IS NULL OR instr(lower(name), $4) > 0 OR instr(lower(company_name), $4) > 0 OR instr(lower(owner), $4) > 0)
          AND (created_at, id) < ($5, $6)
        ORDER BY created_at DESC, id DESC
        LIMIT $7";
    KEY_USES = "SELECT key, used_at FROM key_uses WHERE tenant = $1 ORDER BY key";
}

/// Comes after every id: their alphabet ends with `z`.
const AFTER_EVERY_ID: &str = "~";

#[async_trait]
impl TenantStore for SqliteStore {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        const OP: &str = "sql.by_api_key";
        let row = self.readers.one(OP, sqlx::query(BY_KEY).octets(hash.as_bytes())).await?;
        row.as_ref().map(read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn get(&self, id: TenantId) -> Res<Option<Tenant>> {
        const OP: &str = "sql.tenant";
        let row = self.readers.one(OP, sqlx::query(BY_ID).text(id)).await?;
        row.as_ref().map(read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        const OP: &str = "sql.list_tenants";
        let query = sqlx::query(LIST).text(TenantId::SERVICE).bind(filter.status.map(TenantStatus::as_str));
        let query = query.bind(filter.plan.as_deref()).bind(filter.text.as_ref().map(|text| text.to_ascii_lowercase()));
        let query = match after {
            Some(last) => query.time(last.created_at).text(last.id),
            None => query.bind(i64::MAX).bind(AFTER_EVERY_ID),
        };
        let rows = self.readers.all(OP, query.count(max)).await?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted> {
        self.writer.run(write::Insert { tenant, effects, now }).await
    }

    async fn replace(
        &self,
        mut tenant: Tenant,
        expected: Version,
        effects: Vec<Effect>,
        now: Timestamp,
    ) -> Res<Replaced> {
        tenant.version = expected.saturating_add(1);
        self.writer.run(write::Replace { tenant, expected, effects, now }).await
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.writer.run(write::Touch { tenant, key, at }).await
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        const OP: &str = "sql.key_uses";
        let rows = self.readers.all(OP, sqlx::query(KEY_USES).text(tenant)).await?;
        let use_of = |row: &Row| Ok((row.text("key")?, row.time("used_at")?));
        rows.iter().map(use_of).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }
}

fn read(row: &Row) -> Tried<Tenant> {
    row.json("document")
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements() -> Vec<&'static str> {
    [statements(), write::statements()].concat()
}
