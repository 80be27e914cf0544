//! Tenants in memory: believed while looking works, and never older than the last look.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::api_key::KeyHash;
use otp_core::config::OriginAccess;
use otp_core::effect::Effect;
use otp_core::id::KeyId;
use otp_core::port::{
    Age, ChangeNumber, Changes, ConfigMark, Inserted, Replaced, TenantCursor, TenantFilter, TenantStore,
};
use otp_core::prelude::*;
use otp_core::tenant::{Configured, Version};
use otp_core::tenants::TenantCache;
use otp_core::time::Timestamp;
use otp_memory::MemoryStore;
use otp_testkit::FrozenClock;
use otp_testkit::samples::{NOW, Samples};
use tokio::sync::Semaphore;

/// A store that counts its reads, and may be cut off or made to wait.
struct Distant {
    store: MemoryStore,
    reads: AtomicUsize,
    /// A read takes a permit once it has its answer.
    answers: Semaphore,
    cut_off: std::sync::atomic::AtomicBool,
}

impl Distant {
    fn reached(&self) -> Res<()> {
        match self.cut_off.load(Ordering::SeqCst) {
            true => Err(Fault::unavailable("test", "cut off")),
            false => Ok(()),
        }
    }

    async fn read<T>(&self, read: impl Future<Output = Res<T>>) -> Res<T> {
        self.reached()?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        let answer = read.await;
        self.answers.acquire().await.unwrap().forget();
        answer
    }
}

#[async_trait]
impl TenantStore for Distant {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        self.read(self.store.by_api_key(hash)).await
    }

    async fn get(&self, id: TenantId, age: Age) -> Res<Option<Tenant>> {
        self.read(self.store.get(id, age)).await
    }

    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>> {
        self.read(self.store.by_owner(owner)).await
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        self.store.list(filter, after, max).await
    }

    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted> {
        self.store.insert(tenant, effects, now).await
    }

    async fn replace(&self, tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Res<Replaced> {
        self.store.replace(tenant, expected, effects, now).await
    }

    async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        self.read(self.store.access_of(origin)).await
    }

    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes> {
        self.reached()?;
        self.store.changes_since(since).await
    }

    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        self.store.configurations(tenant, before, max).await
    }

    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>> {
        self.store.configuration(tenant, number).await
    }

    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool> {
        TenantStore::reseal(&self.store, tenant, anew).await
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.store.touch(tenant, key, at).await
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        self.store.key_uses(tenant).await
    }
}

struct Desk {
    distant: Arc<Distant>,
    clock: Arc<FrozenClock>,
    cache: TenantCache,
    acme: Tenant,
}

impl Desk {
    /// A cache that has looked once, before a store with one tenant.
    async fn set() -> Self {
        let distant = Arc::new(Distant {
            store: MemoryStore::default(),
            reads: AtomicUsize::new(0),
            answers: Semaphore::new(1_000),
            cut_off: false.into(),
        });
        let clock = Arc::new(FrozenClock::at(NOW));
        let acme = Samples::seeded(1).tenant(NOW);
        distant.insert(acme.clone(), Vec::new(), NOW).await.unwrap();
        let cache = TenantCache::new(distant.clone(), clock.clone());
        cache.look().await.unwrap();
        Self { distant, clock, cache, acme }
    }

    async fn name(&self) -> String {
        let by_key = self.cache.by_api_key(&self.acme.keys[0].hash).await.unwrap().unwrap();
        assert_eq!(Some(&by_key), self.cache.get(self.acme.id, Age::Kept).await.unwrap().as_ref());
        by_key.name
    }

    fn renamed(&self, version: Version, name: &str) -> Tenant {
        Tenant { version, name: name.to_owned(), ..self.acme.clone() }
    }

    fn reads(&self) -> usize {
        self.distant.reads.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_tenant_is_read_once_until_it_changes() {
    let desk = Desk::set().await;
    for _ in 0..5 {
        assert_eq!(desk.name().await, desk.acme.name);
    }
    assert_eq!(desk.reads(), 1);
    assert_eq!(desk.cache.get(TenantId::from_u128(9), Age::Kept).await.unwrap(), None);

    // A change made elsewhere is seen after the next look, one made here at once.
    desk.distant.replace(desk.renamed(1, "elsewhere"), 0, Vec::new(), NOW).await.unwrap();
    assert_eq!(desk.name().await, desk.acme.name);
    desk.cache.look().await.unwrap();
    assert_eq!(desk.name().await, "elsewhere");
    desk.cache.replace(desk.renamed(2, "here"), 1, Vec::new(), NOW).await.unwrap();
    assert_eq!(desk.name().await, "here");
    // So is that what is kept was old.
    desk.distant.replace(desk.renamed(3, "newest"), 2, Vec::new(), NOW).await.unwrap();
    let late = desk.cache.replace(desk.renamed(3, "late"), 2, Vec::new(), NOW).await.unwrap();
    assert_eq!((late, desk.name().await.as_str()), (Replaced::Conflict, "newest"));
}

#[tokio::test]
async fn a_key_that_was_taken_away_is_forgotten_with_its_tenant() {
    let desk = Desk::set().await;
    desk.name().await;
    let keyless = Tenant { keys: Vec::new(), ..desk.renamed(1, "keyless") };
    desk.distant.replace(keyless, 0, Vec::new(), NOW).await.unwrap();
    desk.cache.look().await.unwrap();
    assert_eq!(desk.cache.by_api_key(&desk.acme.keys[0].hash).await.unwrap(), None);
}

#[tokio::test]
async fn who_cannot_look_believes_what_he_knows_for_a_second() {
    let desk = Desk::set().await;
    desk.name().await;
    desk.distant.cut_off.store(true, Ordering::SeqCst);
    assert!(desk.cache.look().await.is_err());
    desk.clock.advance(Duration::from_millis(999));
    assert_eq!(desk.name().await, desk.acme.name);
    desk.clock.advance(Duration::from_millis(1));
    assert!(desk.cache.get(desk.acme.id, Age::Kept).await.is_err(), "served from memory by a node that is cut off");

    desk.distant.cut_off.store(false, Ordering::SeqCst);
    desk.distant.replace(desk.renamed(1, "meanwhile"), 0, Vec::new(), NOW).await.unwrap();
    assert_eq!(desk.name().await, "meanwhile");
    desk.cache.look().await.unwrap();
    assert_eq!(desk.name().await, "meanwhile");
    // A clock that steps back is no reason to believe for longer.
    desk.distant.cut_off.store(true, Ordering::SeqCst);
    desk.clock.set(NOW);
    assert!(desk.cache.get(desk.acme.id, Age::Kept).await.is_err());
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_kept_after_it() {
    let desk = Desk::set().await;
    // The read has its answer, and is held up on the way.
    let held = desk.distant.answers.acquire_many(1_000).await.unwrap();
    let mut reading = std::pin::pin!(desk.cache.get(desk.acme.id, Age::Kept));
    let waits = futures::poll!(&mut reading).is_pending();
    assert!(waits && desk.reads() == 1);
    desk.distant.replace(desk.renamed(1, "renamed"), 0, Vec::new(), NOW).await.unwrap();
    desk.cache.look().await.unwrap();
    drop(held);
    assert_eq!(reading.await.unwrap().map(|tenant| tenant.name), Some(desk.acme.name.clone()));
    assert_eq!(desk.name().await, "renamed");
}

#[tokio::test]
async fn an_origin_is_looked_for_once_until_any_tenant_changes() {
    let desk = Desk::set().await;
    let page = "https://app.example.com";
    let asked = async |reads, expected| {
        for _ in 0..3 {
            assert_eq!(desk.cache.access_of(page).await.unwrap(), expected);
        }
        assert_eq!(desk.reads(), reads);
    };
    asked(1, OriginAccess::Denied).await;
    let listing = |version| {
        let mut tenant = desk.renamed(version, "listing");
        let config = Arc::make_mut(&mut tenant.config);
        config.settings.allowed_origins = vec![page.parse().unwrap()];
        tenant
    };
    // Elsewhere: seen after the next look. Here: at once, added or replaced.
    desk.distant.replace(listing(1), 0, Vec::new(), NOW).await.unwrap();
    asked(1, OriginAccess::Denied).await;
    desk.cache.look().await.unwrap();
    asked(2, OriginAccess::Allowed).await;
    desk.cache.replace(desk.renamed(2, "lists nothing"), 1, Vec::new(), NOW).await.unwrap();
    asked(3, OriginAccess::Denied).await;
    let other = Tenant { keys: Vec::new(), owner: None, ..listing(0) };
    desk.cache.insert(Tenant { id: TenantId::from_u128(9), ..other }, Vec::new(), NOW).await.unwrap();
    asked(4, OriginAccess::Allowed).await;

    desk.distant.cut_off.store(true, Ordering::SeqCst);
    desk.clock.advance(Duration::from_millis(999));
    asked(4, OriginAccess::Allowed).await;
    desk.clock.advance(Duration::from_millis(1));
    assert!(desk.cache.access_of(page).await.is_err(), "served from memory by a node that is cut off");
}

#[tokio::test]
async fn what_was_heard_of_an_origin_before_a_change_is_not_kept_after_it() {
    let desk = Desk::set().await;
    let page = "https://app.example.com";
    let held = desk.distant.answers.acquire_many(1_000).await.unwrap();
    let mut asking = std::pin::pin!(desk.cache.access_of(page));
    let waits = futures::poll!(&mut asking).is_pending();
    assert!(waits && desk.reads() == 1);
    let mut listing = desk.renamed(1, "listing");
    Arc::make_mut(&mut listing.config).settings.allowed_origins = vec![page.parse().unwrap()];
    desk.distant.replace(listing, 0, Vec::new(), NOW).await.unwrap();
    desk.cache.look().await.unwrap();
    drop(held);
    assert_eq!(asking.await.unwrap(), OriginAccess::Denied);
    assert_eq!(desk.cache.access_of(page).await.unwrap(), OriginAccess::Allowed);
}

#[tokio::test]
async fn too_many_changes_to_be_told_make_it_forget_everything() {
    let desk = Desk::set().await;
    desk.name().await;
    let mut store = otp_core::port::MockTenantStore::new();
    store.expect_changes_since().returning(|_| Ok(Changes { upto: 7, tenants: None }));
    let found = desk.acme.clone();
    store.expect_get().times(2).returning(move |_, _| Ok(Some(found.clone())));
    let cache = TenantCache::new(Arc::new(store), desk.clock.clone());
    for _ in 0..2 {
        cache.look().await.unwrap();
        for _ in 0..3 {
            assert!(cache.get(desk.acme.id, Age::Kept).await.unwrap().is_some());
        }
    }
}
