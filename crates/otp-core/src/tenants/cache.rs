//! Tenants kept in memory, for as long as it is known what has changed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::api_key::KeyHash;
use crate::config::OriginAccess;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::Res;
use crate::id::{KeyId, TenantId};
use crate::port::{
    Age, ChangeNumber, Changes, Clock, ConfigMark, Inserted, Replaced, TenantCursor, TenantFilter, TenantStore,
};
use crate::tenant::{Configured, Tenant, Version};
use crate::time::Timestamp;

/// How long after a successful look the cache is believed.
const BELIEVED: Duration = Duration::from_secs(1);
/// Tenants kept at most, and origins; one more, and it begins anew.
const KEPT: usize = 10_000;

/// A [`TenantStore`] in front of another: answers from memory who was asked for before.
///
/// Somebody has to [`look`](Self::look) for changes, every 250 milliseconds or so. A change made
/// through this cache is seen at once, one made elsewhere after the next look. If looking fails for a
/// second, nothing is answered from memory until it succeeds again: a node that is cut off does
/// not go on serving a key that was revoked.
pub struct TenantCache {
    store: Arc<dyn TenantStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

struct Known {
    tenants: HashMap<TenantId, Tenant>,
    keys: HashMap<KeyHash, TenantId>,
    /// Any change of a tenant may be one of these, so they are forgotten all together. Strangers choose what is asked.
    origins: HashMap<String, OriginAccess>,
    /// Every change up to here has been heard of.
    upto: ChangeNumber,
    /// When the last successful look began.
    looked_at: Option<Timestamp>,
    /// How often something was forgotten. What was read before that may be old.
    forgotten: u64,
}

/// By what a tenant is looked up.
#[derive(Clone, Copy)]
enum By<'a> {
    Key(&'a KeyHash),
    Id(TenantId),
}

impl Known {
    fn find(&self, by: By<'_>) -> Option<&Tenant> {
        match by {
            By::Key(hash) => self.keys.get(hash).and_then(|id| self.tenants.get(id)),
            By::Id(id) => self.tenants.get(&id),
        }
    }

    fn forget(&mut self, id: TenantId) {
        self.forgotten += 1;
        self.origins.clear();
        if let Some(tenant) = self.tenants.remove(&id) {
            for key in &tenant.keys {
                self.keys.remove(&key.hash);
            }
        }
    }

    fn forget_all(&mut self) {
        self.forgotten += 1;
        self.tenants.clear();
        self.keys.clear();
        self.origins.clear();
    }

    fn keep(&mut self, tenant: &Tenant) {
        if self.tenants.len() >= KEPT {
            self.tenants.clear();
            self.keys.clear();
        }
        self.keys.extend(tenant.keys.iter().map(|key| (key.hash, tenant.id)));
        self.tenants.insert(tenant.id, tenant.clone());
    }

    fn keep_origin(&mut self, origin: &str, access: OriginAccess) {
        if self.origins.len() >= KEPT {
            self.origins.clear();
        }
        self.origins.insert(origin.to_owned(), access);
    }
}

impl TenantCache {
    /// In front of `store`; empty.
    pub fn new(store: Arc<dyn TenantStore>, clock: Arc<dyn Clock>) -> Self {
        let known = Known {
            tenants: HashMap::new(),
            keys: HashMap::new(),
            origins: HashMap::new(),
            // Before anything is kept, it only matters where to look on from.
            upto: ChangeNumber::MAX,
            looked_at: None,
            forgotten: 0,
        };
        Self { store, clock, known: Mutex::new(known) }
    }

    /// Forgets what has changed since the last look.
    ///
    /// # Errors
    /// When the store cannot be reached. What is kept is believed for the rest of its second.
    pub async fn look(&self) -> Res<()> {
        let now = self.clock.now();
        let since = self.known().upto;
        let changes = self.store.changes_since(since).await?;
        let mut known = self.known();
        match changes.tenants {
            Some(tenants) => tenants.into_iter().for_each(|id| known.forget(id)),
            None => known.forget_all(),
        }
        known.upto = changes.upto;
        known.looked_at = Some(now);
        Ok(())
    }

    /// What is kept, for one step without waiting. Poisoned by a panic half-way it still tells no more than
    /// was kept, and forgets no less than was changed.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept, if it is to be believed now. A clock that stepped back makes it old, not young for ever.
    fn believed(&self) -> Option<MutexGuard<'_, Known>> {
        let now = self.clock.now();
        let known = self.known();
        known.looked_at.is_some_and(|at| at <= now && now < at.plus(BELIEVED)).then_some(known)
    }

    /// Answers what is kept, or else reads and keeps it.
    async fn through(&self, by: By<'_>) -> Res<Option<Tenant>> {
        let forgotten = {
            let Some(known) = self.believed() else { return self.read(by).await };
            if let Some(tenant) = known.find(by) {
                return Ok(Some(tenant.clone()));
            }
            known.forgotten
        };
        let tenant = self.read(by).await?;
        if let Some(tenant) = &tenant {
            let mut known = self.known();
            // What was forgotten meanwhile may be this one, and what was read the state before.
            if known.forgotten == forgotten {
                known.keep(tenant);
            }
        }
        Ok(tenant)
    }

    async fn read(&self, by: By<'_>) -> Res<Option<Tenant>> {
        match by {
            By::Key(hash) => self.store.by_api_key(hash).await,
            By::Id(id) => self.store.get(id, Age::Fresh).await,
        }
    }
}

#[async_trait]
impl TenantStore for TenantCache {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        self.through(By::Key(hash)).await
    }

    async fn get(&self, id: TenantId, age: Age) -> Res<Option<Tenant>> {
        match age {
            Age::Kept => self.through(By::Id(id)).await,
            Age::Fresh => self.read(By::Id(id)).await,
        }
    }

    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>> {
        self.store.by_owner(owner).await
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        self.store.list(filter, after, max).await
    }

    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted> {
        let id = tenant.id;
        let inserted = self.store.insert(tenant, effects, now).await;
        // It was not kept, but what origins may do is no more what it was.
        self.known().forget(id);
        inserted
    }

    async fn replace(&self, tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Res<Replaced> {
        let id = tenant.id;
        let replaced = self.store.replace(tenant, expected, effects, now).await;
        // Whatever the answer is: a fault may have written, and a conflict shows that what is kept is old.
        self.known().forget(id);
        replaced
    }

    async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        let forgotten = {
            let Some(known) = self.believed() else { return self.store.access_of(origin).await };
            if let Some(access) = known.origins.get(origin) {
                return Ok(*access);
            }
            known.forgotten
        };
        let access = self.store.access_of(origin).await?;
        let mut known = self.known();
        if known.forgotten == forgotten {
            known.keep_origin(origin, access);
        }
        Ok(access)
    }

    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes> {
        self.store.changes_since(since).await
    }

    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        self.store.configurations(tenant, before, max).await
    }

    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>> {
        self.store.configuration(tenant, number).await
    }

    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool> {
        self.store.reseal(tenant, anew).await
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.store.touch(tenant, key, at).await
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        self.store.key_uses(tenant).await
    }
}

impl fmt::Debug for TenantCache {
    /// Without content: it holds owners' addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCache").finish_non_exhaustive()
    }
}
