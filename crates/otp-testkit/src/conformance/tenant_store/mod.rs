//! Cases of [`TenantStore`](otp_core::port::TenantStore).

mod origins;
mod sealing;

pub use origins::origins_are_those_of_active_tenants;
pub use sealing::configurations_are_sealed_anew;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use otp_core::api_key::KeyHash;
use otp_core::audit::AuditEvent;
use otp_core::caller::Actor;
use otp_core::effect::Effect;
use otp_core::email::EmailAddress;
use otp_core::id::{KeyId, TenantId};
use otp_core::port::{
    Age, ChangeNumber, ConfigMark, Inserted, Replaced, Stores, TenantCursor, TenantFilter, TenantStore,
};
use otp_core::tenant::{Configured, Tenant, TenantStatus, Version};
use otp_core::time::Timestamp;

use super::race::{ROUNDS, count, race};
use super::world::World;
use crate::answered::Answered;
use crate::samples::NOW;

impl World {
    /// A tenant that is not stored yet.
    fn tenant(&self) -> Tenant {
        self.samples.tenant(NOW)
    }

    fn insert(&self, tenant: &Tenant, effects: Vec<Effect>) -> impl Future<Output = Inserted> + Send + 'static + use<> {
        let (store, tenant) = (self.stores.tenants.clone(), tenant.clone());
        async move { store.insert(tenant, effects, NOW).await.answered() }
    }

    fn replace(
        &self,
        tenant: &Tenant,
        expected: Version,
        effects: Vec<Effect>,
    ) -> impl Future<Output = Replaced> + Send + 'static + use<> {
        let (store, tenant) = (self.stores.tenants.clone(), tenant.clone());
        async move { store.replace(tenant, expected, effects, NOW).await.answered() }
    }

    /// A tenant, stored.
    async fn inserted(&self) -> Tenant {
        let tenant = self.tenant();
        assert_eq!(self.insert(&tenant, Vec::new()).await, Inserted::Inserted);
        tenant
    }

    async fn tenant_of(&self, id: TenantId) -> Option<Tenant> {
        self.stores.tenants.get(id, Age::Fresh).await.answered()
    }

    async fn tenant_by(&self, hash: &KeyHash) -> Option<Tenant> {
        self.stores.tenants.by_api_key(hash).await.answered()
    }

    /// How many entries the audit trail of `tenant` has.
    async fn told(&self, tenant: TenantId) -> usize {
        self.stores.audit.recent(tenant, 1_000).await.answered().len()
    }

    /// The effect of a change of `tenant`.
    fn tell(&self, tenant: &Tenant) -> Vec<Effect> {
        vec![self.samples.told(tenant.live(), AuditEvent::ApiKeyCreated, NOW)]
    }
}

/// `tenant` in its next version.
fn next(tenant: &Tenant) -> Tenant {
    Tenant { version: tenant.version + 1, ..tenant.clone() }
}

/// A key finds its tenant as it is now: from the answer that added it to the answer that took it away.
pub async fn keys_find_their_tenant(stores: Stores) {
    let w = World::new(stores);
    let mut tenant = w.tenant();
    let first = tenant.keys[0].clone();
    assert_eq!(w.tenant_by(&first.hash).await, None);
    assert_eq!(w.tenant_of(tenant.id).await, None);
    assert_eq!(w.insert(&tenant, Vec::new()).await, Inserted::Inserted);
    let stranger = w.inserted().await;
    assert_eq!(w.tenant_by(&first.hash).await, Some(tenant.clone()));
    assert_eq!(w.tenant_of(tenant.id).await, Some(tenant.clone()));

    let second = w.samples.key_record(NOW);
    let changes: [&dyn Fn(&mut Tenant); 4] = [
        &|tenant| tenant.keys.push(second.clone()),
        // Revoked and expired ones find their tenant still.
        &|tenant| tenant.keys[0].revoked_at = Some(NOW),
        &|tenant| {
            tenant.status = TenantStatus::Suspended;
            tenant.name = "Another name: \u{1f511} 'quoted' %_".to_owned();
            tenant.plan = w.samples.word();
            tenant.company_name = None;
            tenant.keys[0].expires_at = None;
        },
        &|tenant| drop(tenant.keys.remove(0)),
    ];
    for change in changes {
        let expected = tenant.version;
        tenant = next(&tenant);
        change(&mut tenant);
        assert_eq!(w.replace(&tenant, expected, Vec::new()).await, Replaced::Replaced);
        for key in [&first, &second] {
            let found = tenant.keys.iter().any(|kept| kept.hash == key.hash).then(|| tenant.clone());
            assert_eq!(w.tenant_by(&key.hash).await, found);
        }
        assert_eq!(w.tenant_of(tenant.id).await.as_ref(), Some(&tenant));
    }
    assert_eq!(w.tenant_by(&stranger.keys[0].hash).await, Some(stranger));
}

/// Page by page, every tenant comes once, the newest first; a filter leaves out the others and the service.
pub async fn tenants_are_paged(stores: Stores) {
    let w = World::new(stores);
    // The plan is this case's own, so that tenants of others do not show.
    let plan = w.samples.word();
    let mut tenants = Vec::new();
    for n in 0..13u64 {
        let mut tenant = w.tenant();
        tenant.plan.clone_from(&plan);
        // Several were made in the same millisecond, out of order.
        tenant.created_at = NOW.plus(Duration::from_millis(n * 5 % 4));
        if n % 3 == 0 {
            tenant.status = TenantStatus::Suspended;
        }
        assert_eq!(w.insert(&tenant, Vec::new()).await, Inserted::Inserted);
        tenants.push(tenant);
    }
    tenants.sort_by_key(|tenant| std::cmp::Reverse((tenant.created_at, tenant.id)));

    let of_plan = TenantFilter { plan: Some(plan.clone()), ..TenantFilter::default() };
    let email = tenants[4].owner.as_ref().map(|owner| owner.canonical()[1..9].to_uppercase());
    let filters = [
        of_plan.clone(),
        TenantFilter { status: Some(TenantStatus::Suspended), ..of_plan.clone() },
        TenantFilter { status: Some(TenantStatus::Cancelled), ..of_plan.clone() },
        TenantFilter { text: Some("NAME".to_owned()), ..of_plan.clone() },
        TenantFilter { text: Some(tenants[2].name.to_uppercase()), ..of_plan.clone() },
        TenantFilter { text: tenants[3].company_name.clone(), ..of_plan.clone() },
        TenantFilter { text: email.clone(), ..of_plan.clone() },
        TenantFilter { text: email, ..TenantFilter::default() },
        // Text is text: neither pattern nor quotation.
        TenantFilter { text: Some("%".to_owned()), ..of_plan.clone() },
        TenantFilter { text: Some("Name_".to_owned()), ..of_plan },
    ];
    for filter in filters {
        let expected: Vec<Tenant> = tenants.iter().filter(|tenant| filter.matches(tenant)).cloned().collect();
        for size in [1, 3, 13, 50] {
            assert_eq!(pages(&w, &filter, size).await, expected, "{filter:?}, {size} a page");
        }
    }
    the_service_is_not_listed(&w).await;
}

/// All tenants of `filter`, read in pages of `size`.
async fn pages(w: &World, filter: &TenantFilter, size: usize) -> Vec<Tenant> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = w.stores.tenants.list(filter, after, size).await.answered();
        assert!(page.len() <= size);
        let Some(last) = page.last() else { return all };
        after = Some(TenantCursor { created_at: last.created_at, id: last.id });
        all.extend(page);
        assert!(all.len() < 1_000, "the pages do not end");
    }
}

async fn the_service_is_not_listed(w: &World) {
    let service = Tenant::new(TenantId::SERVICE, "OTP", "enterprise", NOW);
    // It may be there already, from another case or an earlier run.
    w.insert(&service, Vec::new()).await;
    let stored = w.tenant_of(TenantId::SERVICE).await;
    let plan = stored.map(|service| service.plan);
    let listed = pages(w, &TenantFilter { plan, ..TenantFilter::default() }, 100).await;
    assert!(listed.iter().all(|tenant| tenant.id != TenantId::SERVICE));
}

/// One tenant for one address of an owner, and for one id, however many ask at once.
pub async fn one_account_an_address(stores: Stores) {
    let w = World::new(stores);
    for _ in 0..ROUNDS / 5 {
        let owner = w.samples.email();
        let asked: Vec<Tenant> = (0..20).map(|_| Tenant { owner: Some(owner.clone()), ..w.tenant() }).collect();
        let answers = race(asked.iter().map(|tenant| w.insert(tenant, w.tell(tenant)))).await;
        assert_eq!(count(&answers, |answer| *answer == Inserted::Inserted), 1);
        let mut stored = 0;
        for tenant in asked {
            let kept = w.tenant_of(tenant.id).await;
            stored += usize::from(kept.is_some());
            assert_eq!(w.told(tenant.id).await, usize::from(kept.is_some()), "effects written");
            assert_eq!(w.tenant_by(&tenant.keys[0].hash).await, kept, "a key of a tenant that is none");
        }
        assert_eq!(stored, 1);
    }
    let tenant = w.inserted().await;
    // The same address in another spelling, and the same id for somebody else.
    let shouted = tenant.owner.as_ref().and_then(|owner| EmailAddress::parse(&owner.mailbox().to_uppercase()).ok());
    assert!(shouted.is_some() && shouted != tenant.owner);
    for taken in [Tenant { owner: shouted, ..w.tenant() }, Tenant { id: tenant.id, ..w.tenant() }] {
        assert_eq!(w.insert(&taken, w.tell(&taken)).await, Inserted::Exists);
    }
    assert_eq!((w.tenant_of(tenant.id).await, w.told(tenant.id).await), (Some(tenant), 0));
    // Having no owner is nothing two tenants could share.
    for _ in 0..2 {
        let ownerless = Tenant { owner: None, ..w.tenant() };
        assert_eq!(w.insert(&ownerless, Vec::new()).await, Inserted::Inserted);
        assert_eq!(w.tenant_of(ownerless.id).await, Some(ownerless));
    }
}

/// An owner finds his tenant as it is now, in whatever spelling; nobody else's address finds any.
pub async fn an_owner_is_found(stores: Stores) {
    let w = World::new(stores);
    let (tenant, stranger) = (w.tenant(), w.inserted().await);
    let owner = tenant.owner.clone().unwrap_or_else(|| panic!("a tenant without an owner"));
    let of = async |owner: &EmailAddress| w.stores.tenants.by_owner(owner).await.answered();
    assert_eq!(of(&owner).await, None);
    assert_eq!(w.insert(&tenant, Vec::new()).await, Inserted::Inserted);
    let shouted = EmailAddress::parse(&owner.mailbox().to_uppercase()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((of(&owner).await, of(&shouted).await), (Some(tenant.clone()), Some(tenant.clone())));

    let given_up = Tenant { owner: None, ..next(&tenant) };
    assert_eq!(w.replace(&given_up, tenant.version, Vec::new()).await, Replaced::Replaced);
    assert_eq!(of(&owner).await, None);
    assert_eq!(stranger.owner.as_ref().map(of).unwrap_or_else(|| panic!("no owner")).await, Some(stranger));
}

/// Of changes made from the same version one is written, with its effects; the others are told.
pub async fn replacing_is_compare_and_set(stores: Stores) {
    let w = World::new(stores);
    for _ in 0..ROUNDS / 5 {
        let mut tenant = w.inserted().await;
        for version in 0..3 {
            let changes: Vec<Tenant> = (0..20).map(|_| Tenant { name: w.samples.word(), ..next(&tenant) }).collect();
            let racers = changes.iter().map(|change| {
                let (name, replacing) = (change.name.clone(), w.replace(change, version, w.tell(change)));
                replacing.map(|replaced| (name, replaced))
            });
            let answers = race(racers).await;
            assert_eq!(count(&answers, |(_, answer)| *answer == Replaced::Replaced), 1);
            assert_eq!(count(&answers, |(_, answer)| *answer == Replaced::Conflict), 19);
            let won = answers.into_iter().find(|(_, answer)| *answer == Replaced::Replaced).map(|(name, _)| name);
            tenant = next(&tenant);
            tenant.name = won.unwrap_or_default();
            assert_eq!(w.tenant_of(tenant.id).await.as_ref(), Some(&tenant));
            assert_eq!(w.told(tenant.id).await as u64, version + 1, "effects written");
        }
        for other in [0, 2, 4] {
            assert_eq!(w.replace(&next(&tenant), other, w.tell(&tenant)).await, Replaced::Conflict);
        }
        assert_eq!((w.tenant_of(tenant.id).await, w.told(tenant.id).await), (Some(tenant), 3));
    }
    let nobody = w.tenant();
    assert_eq!(w.replace(&next(&nobody), 0, w.tell(&nobody)).await, Replaced::Missing);
    assert_eq!((w.tenant_of(nobody.id).await, w.told(nobody.id).await), (None, 0));
}

/// Whoever looks on from where he was told misses no change, however many race, and sees none again.
pub async fn every_change_is_told(stores: Stores) {
    let w = World::new(stores);
    let tenants = w.stores.tenants.clone();
    let mut seen = now_at(&tenants).await;
    let before = w.inserted().await;
    assert!(look_on(&tenants, &mut seen).await.contains(&before.id));
    assert!(!look_on(&tenants, &mut seen).await.contains(&before.id), "told twice");
    assert_eq!(w.replace(&next(&before), 7, Vec::new()).await, Replaced::Conflict);
    assert!(!look_on(&tenants, &mut seen).await.contains(&before.id), "nothing was changed");
    assert_eq!(w.replace(&next(&before), 0, Vec::new()).await, Replaced::Replaced);
    assert!(look_on(&tenants, &mut seen).await.contains(&before.id));

    for _ in 0..ROUNDS / 10 {
        let changing: Vec<Tenant> = (0..10).map(|_| w.tenant()).collect();
        let racers = changing.iter().map(|tenant| {
            let (inserting, replacing) = (w.insert(tenant, Vec::new()), w.replace(&next(tenant), 0, Vec::new()));
            async move { (inserting.await, replacing.await) }
        });
        let mut racing = std::pin::pin!(race(racers));
        let mut told = Vec::new();
        // Looks as often as it can while they write: one that is missed now is missed for good.
        let answers = loop {
            tokio::select! {
                biased;
                answers = &mut racing => break answers,
                changed = look_on(&tenants, &mut seen) => told.extend(changed),
            }
        };
        assert_eq!(count(&answers, |answer| *answer == (Inserted::Inserted, Replaced::Replaced)), 10);
        told.extend(look_on(&tenants, &mut seen).await);
        assert!(changing.iter().all(|tenant| told.contains(&tenant.id)), "a change was missed");
    }
}

async fn now_at(tenants: &Arc<dyn TenantStore>) -> ChangeNumber {
    tenants.changes_since(ChangeNumber::MAX).await.answered().upto
}

/// The tenants changed since `seen`, which moves on.
async fn look_on(tenants: &Arc<dyn TenantStore>, seen: &mut ChangeNumber) -> Vec<TenantId> {
    let changes = tenants.changes_since(*seen).await.answered();
    assert!(changes.upto >= *seen);
    *seen = changes.upto;
    changes.tenants.unwrap_or_else(|| panic!("a handful of changes are too many to be told"))
}

/// Every version of a configuration is kept as it was first written, and listed from the newest on; those of a
/// change that was not made, and those of others, are not among them.
pub async fn configurations_are_kept(stores: Stores) {
    let w = World::new(stores);
    let mut tenant = w.inserted().await;
    let other = w.inserted().await;
    let mut kept = vec![tenant.config.clone()];
    for number in 2..=7 {
        let mut settings = tenant.config.settings.clone();
        settings.otp.ttl_seconds = Some(60 + number);
        let at = NOW.plus(Duration::from_secs(number.into()));
        let config = Arc::new(Configured { number: number.into(), at, by: Actor::Key(tenant.keys[0].id), settings });
        let changed = Tenant { config: config.clone(), ..next(&tenant) };
        assert_eq!(w.replace(&changed, tenant.version + 1, Vec::new()).await, Replaced::Conflict);
        assert_eq!(w.stores.tenants.configuration(tenant.id, number.into()).await.answered(), None);
        assert_eq!(w.replace(&changed, tenant.version, Vec::new()).await, Replaced::Replaced);
        // A change of something else keeps the version, and writes none.
        tenant = Tenant { name: w.samples.word(), ..next(&changed) };
        assert_eq!(w.replace(&tenant, changed.version, Vec::new()).await, Replaced::Replaced);
        kept.push(config);
    }
    for config in &kept {
        let read = w.stores.tenants.configuration(tenant.id, config.number).await.answered();
        assert_eq!(read.as_ref(), Some(&**config));
    }
    for none in [0, 8, u64::MAX] {
        assert_eq!(w.stores.tenants.configuration(tenant.id, none).await.answered(), None);
    }
    let marks: Vec<ConfigMark> = kept.iter().rev().map(|config| mark(config)).collect();
    for size in [1, 3, 100] {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = w.stores.tenants.configurations(tenant.id, before, size).await.answered();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= size);
            before = Some(last.number);
            all.extend(page);
        }
        assert_eq!(all, marks, "{size} a page");
    }
    let theirs = w.stores.tenants.configurations(other.id, None, 100).await.answered();
    assert_eq!(theirs, [mark(&other.config)]);
}

fn mark(config: &Configured) -> ConfigMark {
    ConfigMark { number: config.number, at: config.at, by: config.by }
}

/// The latest use of each key is kept, whatever order uses arrive in, and changes nothing of the tenant.
pub async fn key_uses_are_noted(stores: Stores) {
    let w = World::new(stores);
    let mut tenant = w.tenant();
    tenant.keys.push(w.samples.key_record(NOW));
    w.insert(&tenant, Vec::new()).await;
    let other = w.inserted().await;
    let uses = async |tenant: TenantId| {
        let mut uses = w.stores.tenants.key_uses(tenant).await.answered();
        uses.sort_unstable();
        uses
    };
    let touch = |key: KeyId, at: Timestamp| {
        let (store, tenant) = (w.stores.tenants.clone(), tenant.id);
        async move { store.touch(tenant, key, at).await.answered() }
    };
    assert_eq!(uses(tenant.id).await, []);
    let (first, second) = (tenant.keys[0].id, tenant.keys[1].id);
    let at = |seconds| NOW.plus(Duration::from_secs(seconds));
    for (seconds, latest) in [(5, 5), (3, 5), (5, 5), (9, 9), (0, 9)] {
        touch(first, at(seconds)).await;
        assert_eq!(uses(tenant.id).await, [(first, at(latest))]);
    }
    race((0..100).map(|n| touch(second, at(n * 37 % 100)))).await;
    let mut both = [(first, at(9)), (second, at(99))];
    both.sort_unstable();
    assert_eq!(uses(tenant.id).await, both);
    assert_eq!(uses(other.id).await, []);
    assert_eq!(w.tenant_of(tenant.id).await, Some(tenant));
}
