//! Tenants, compared and set as a whole.

mod configurations;
mod origins;
mod uses;
mod write;

pub(crate) use uses::KeyUses;
pub(crate) use write::{add, exists};

use async_trait::async_trait;
use otp_core::api_key::KeyHash;
use otp_core::config::OriginAccess;
use otp_core::effect::Effect;
use otp_core::email::EmailAddress;
use otp_core::fault::Res;
use otp_core::id::{KeyId, TenantId};
use otp_core::port::{
    Age, ChangeNumber, Changes, ConfigMark, Inserted, Replaced, TenantCursor, TenantFilter, TenantStore,
};
use otp_core::tenant::{Configured, Tenant, TenantStatus, Version};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{AFTER_EVERY_ID, Row, query, statements};
use crate::trouble::{Tried, Trouble};

statements! {
    BY_KEY = "SELECT t.document FROM api_keys k JOIN tenants t ON t.id = k.tenant WHERE k.hash = $1";
    BY_OWNER = "SELECT document FROM tenants WHERE owner = $1";
    BY_ID = "SELECT document FROM tenants WHERE id = $1";
    /// `lower` folds ASCII letters and no others, as `TenantFilter::matches` does (on Postgres because the
    /// columns collate so). A text is in another if that is not the same without it; of what there is on
    /// both engines, only this knows no wildcards.
    LIST = "
        SELECT document FROM tenants
        WHERE id <> $1
          AND (CAST($2 AS TEXT) IS NULL OR status = $2)
          AND (CAST($3 AS TEXT) IS NULL OR plan = $3)
          AND (CAST($4 AS TEXT) IS NULL OR replace(lower(name), $4, '') <> lower(name)
               OR replace(lower(company_name), $4, '') <> lower(company_name)
               OR replace(lower(owner), $4, '') <> lower(owner))
          AND (created_at, id) < ($5, $6)
        ORDER BY created_at DESC, id DESC
        LIMIT $7";
    CHANGE = "SELECT n FROM changes";
    CHANGED = "SELECT id FROM tenants WHERE changed > $1 ORDER BY changed LIMIT $2";
    KEY_USES = "SELECT key, used_at FROM key_uses WHERE tenant = $1 ORDER BY key";
}

/// Changes told one by one; when there are more, whoever asks forgets everything sooner than he has read them.
const TOLD: usize = 1_000;

#[async_trait]
impl TenantStore for SqlStore {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        const OP: &str = "sql.by_api_key";
        let row = self.readers.one(OP, query(&BY_KEY).octets(hash.as_bytes())).await?;
        row.as_ref().map(read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn get(&self, id: TenantId, _: Age) -> Res<Option<Tenant>> {
        const OP: &str = "sql.tenant";
        let row = self.readers.one(OP, query(&BY_ID).text(id)).await?;
        row.as_ref().map(read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>> {
        const OP: &str = "sql.tenant_of_owner";
        let row = self.readers.one(OP, query(&BY_OWNER).bind(owner.canonical())).await?;
        row.as_ref().map(read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        const OP: &str = "sql.list_tenants";
        // Postgres takes no text with this character, and no tenant has one.
        if [&filter.plan, &filter.text].into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(Vec::new());
        }
        let text = filter.text.as_ref().filter(|text| !text.is_empty()).map(|text| text.to_ascii_lowercase());
        let query = query(&LIST).text(TenantId::SERVICE).bind(filter.status.map(TenantStatus::as_str));
        let query = query.bind(filter.plan.as_deref()).bind(text);
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

    async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        const OP: &str = "sql.access_of";
        let mut access = OriginAccess::Denied;
        for query in origins::allowing(self.engine(), origin) {
            let rows = self.readers.all(OP, query).await?;
            access = origins::furthest(&rows).map_err(|trouble| trouble.fault(OP))?.max(access);
        }
        Ok(access)
    }

    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes> {
        const OP: &str = "sql.changes";
        let fault = |trouble: Trouble| trouble.fault(OP);
        // The number first: what is changed in between is told now, and again the next time.
        let upto: ChangeNumber = self.readers.only(OP, query(&CHANGE)).await?.number("n").map_err(fault)?;
        if upto <= since {
            return Ok(Changes { upto, tenants: Some(Vec::new()) });
        }
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let rows = self.readers.all(OP, query(&CHANGED).bind(since).count(TOLD + 1)).await?;
        let tenants = rows.iter().map(|row| row.text("id")).collect::<Tried<Vec<_>>>().map_err(fault)?;
        Ok(Changes { upto, tenants: (tenants.len() <= TOLD).then_some(tenants) })
    }

    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        const OP: &str = "sql.configurations";
        let rows = self.readers.all(OP, configurations::marks(tenant, before, max)).await?;
        rows.iter().map(configurations::mark).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>> {
        const OP: &str = "sql.configuration";
        let row = self.readers.one(OP, configurations::one(tenant, number)).await?;
        row.as_ref().map(configurations::read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool> {
        self.writer.run(configurations::Reseal { tenant, anew }).await
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.writer.run(uses::Touch { tenant, key, at }).await
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        const OP: &str = "sql.key_uses";
        let rows = self.readers.all(OP, query(&KEY_USES).text(tenant)).await?;
        let use_of = |row: &Row| Ok((row.text("key")?, row.time("used_at")?));
        rows.iter().map(use_of).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }
}

fn read(row: &Row) -> Tried<Tenant> {
    row.json("document")
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements(engine: crate::sql::Engine) -> Vec<&'static str> {
    [
        statements(engine),
        configurations::statements(engine),
        origins::statements(engine),
        uses::statements(engine),
        write::statements(engine),
    ]
    .concat()
}
