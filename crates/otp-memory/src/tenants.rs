//! Tenants, compared and set as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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

use crate::MemoryStore;
use crate::state::State;

/// All tenants.
#[derive(Default)]
pub(crate) struct Tenants {
    by_id: BTreeMap<TenantId, Tenant>,
    by_key: BTreeMap<KeyHash, TenantId>,
    by_age: BTreeSet<(Timestamp, TenantId)>,
    /// Every version of what each tenant has set.
    configurations: BTreeMap<(TenantId, u64), Arc<Configured>>,
    key_uses: BTreeMap<TenantId, BTreeMap<KeyId, Timestamp>>,
    /// The last change of each tenant.
    changes: BTreeMap<ChangeNumber, TenantId>,
    changed: BTreeMap<TenantId, ChangeNumber>,
    last_change: ChangeNumber,
}

impl Tenants {
    fn by_api_key(&self, hash: &KeyHash) -> Option<Tenant> {
        self.by_key.get(hash).and_then(|id| self.by_id.get(id)).cloned()
    }

    fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Vec<Tenant> {
        let behind = |tenant: &(Timestamp, TenantId)| after.is_none_or(|last| *tenant < (last.created_at, last.id));
        let newest_first = self.by_age.iter().rev().filter(|tenant| behind(tenant));
        let tenants = newest_first.filter_map(|(_, id)| self.by_id.get(id));
        tenants.filter(|tenant| filter.matches(tenant)).take(max).cloned().collect()
    }

    fn access_of(&self, origin: &str) -> OriginAccess {
        let active = self.by_id.values().filter(|tenant| tenant.status == TenantStatus::Active);
        active.map(|tenant| tenant.settings().access_of(origin)).max().unwrap_or(OriginAccess::Denied)
    }

    fn by_owner(&self, owner: &EmailAddress) -> Option<&Tenant> {
        let owned = |address: &EmailAddress| address.canonical() == owner.canonical();
        self.by_id.values().find(|tenant| tenant.owner.as_ref().is_some_and(owned))
    }

    /// Whether `tenant` cannot be added: its id is there, or its owner has one.
    pub(crate) fn exists(&self, tenant: &Tenant) -> bool {
        let owned = tenant.owner.as_ref().is_some_and(|owner| self.by_owner(owner).is_some());
        owned || self.by_id.contains_key(&tenant.id)
    }

    /// Puts `tenant` in place of the one of its id, if there is one.
    pub(crate) fn put(&mut self, tenant: Tenant) {
        if let Some(before) = self.by_id.get(&tenant.id) {
            self.by_age.remove(&(before.created_at, before.id));
            for key in &before.keys {
                self.by_key.remove(&key.hash);
            }
        }
        self.by_age.insert((tenant.created_at, tenant.id));
        self.last_change += 1;
        if let Some(before) = self.changed.insert(tenant.id, self.last_change) {
            self.changes.remove(&before);
        }
        self.changes.insert(self.last_change, tenant.id);
        self.configurations.entry((tenant.id, tenant.config.number)).or_insert_with(|| tenant.config.clone());
        self.by_key.extend(tenant.keys.iter().map(|key| (key.hash, tenant.id)));
        self.by_id.insert(tenant.id, tenant);
    }

    fn changes_since(&self, since: ChangeNumber) -> Changes {
        let later = self.changes.range(since.saturating_add(1)..);
        Changes { upto: self.last_change, tenants: Some(later.map(|(_, tenant)| *tenant).collect()) }
    }

    fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Vec<ConfigMark> {
        let older = self.configurations.range((tenant, 0)..(tenant, before.unwrap_or(u64::MAX)));
        let mark = |config: &Arc<Configured>| ConfigMark { number: config.number, at: config.at, by: config.by };
        older.rev().take(max).map(|(_, config)| mark(config)).collect()
    }

    fn reseal(&mut self, tenant: TenantId, anew: Configured) -> bool {
        let kept = self.configurations.get_mut(&(tenant, anew.number));
        kept.map(|kept| *kept = Arc::new(anew)).is_some()
    }

    fn touch(&mut self, tenant: TenantId, key: KeyId, at: Timestamp) {
        let used = self.key_uses.entry(tenant).or_default().entry(key).or_insert(at);
        *used = at.max(*used);
    }

    fn key_uses(&self, tenant: TenantId) -> Vec<(KeyId, Timestamp)> {
        self.key_uses.get(&tenant).into_iter().flatten().map(|(key, at)| (*key, *at)).collect()
    }
}

impl State {
    fn insert(&mut self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Inserted {
        if self.tenants.exists(&tenant) {
            return Inserted::Exists;
        }
        self.tenants.put(tenant);
        self.apply(effects, now);
        Inserted::Inserted
    }

    fn replace(&mut self, mut tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Replaced {
        let Some(before) = self.tenants.by_id.get(&tenant.id) else { return Replaced::Missing };
        if before.version != expected {
            return Replaced::Conflict;
        }
        tenant.version = expected + 1;
        self.tenants.put(tenant);
        self.apply(effects, now);
        Replaced::Replaced
    }
}

#[async_trait]
impl TenantStore for MemoryStore {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        Ok(self.read("memory.by_api_key")?.tenants.by_api_key(hash))
    }

    async fn get(&self, id: TenantId, _: Age) -> Res<Option<Tenant>> {
        Ok(self.read("memory.get")?.tenants.by_id.get(&id).cloned())
    }

    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>> {
        Ok(self.read("memory.by_owner")?.tenants.by_owner(owner).cloned())
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        Ok(self.read("memory.list")?.tenants.list(filter, after, max))
    }

    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted> {
        const OP: &str = "memory.insert";
        let mut state = self.write(OP, now)?;
        state.still_holds(OP, &effects)?;
        Ok(state.insert(tenant, effects, now))
    }

    async fn replace(&self, tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Res<Replaced> {
        const OP: &str = "memory.replace";
        let mut state = self.write(OP, now)?;
        state.still_holds(OP, &effects)?;
        Ok(state.replace(tenant, expected, effects, now))
    }

    async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        Ok(self.read("memory.access_of")?.tenants.access_of(origin))
    }

    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes> {
        Ok(self.read("memory.changes_since")?.tenants.changes_since(since))
    }

    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        Ok(self.read("memory.configurations")?.tenants.configurations(tenant, before, max))
    }

    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>> {
        let state = self.read("memory.configuration")?;
        Ok(state.tenants.configurations.get(&(tenant, number)).map(|config| Configured::clone(config)))
    }

    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool> {
        Ok(self.read("memory.reseal_configuration")?.tenants.reseal(tenant, anew))
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.read("memory.touch")?.tenants.touch(tenant, key, at);
        Ok(())
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        Ok(self.read("memory.key_uses")?.tenants.key_uses(tenant))
    }
}
