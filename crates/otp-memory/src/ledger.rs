//! What effects leave behind: usage by the hour, and the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use otp_core::audit::AuditEntry;
use otp_core::effect::Counter;
use otp_core::fault::Res;
use otp_core::id::{TenantId, UserId};
use otp_core::port::{AuditLog, Counted, Metering};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::MemoryStore;

/// Usage and audit trail.
#[derive(Default)]
pub(crate) struct Ledger {
    hours: BTreeMap<(Realm, Timestamp), Hour>,
    trails: BTreeMap<TenantId, Vec<AuditEntry>>,
}

/// What happened in one hour of one realm.
#[derive(Default)]
struct Hour {
    counts: BTreeMap<Counter, u64>,
    seen: BTreeSet<UserId>,
}

impl Ledger {
    /// Counts one more.
    pub(crate) fn count(&mut self, realm: Realm, counter: Counter, at: Timestamp) {
        *self.hour(realm, at).counts.entry(counter).or_default() += 1;
    }

    /// Notes that a user was active.
    pub(crate) fn see(&mut self, realm: Realm, user: UserId, at: Timestamp) {
        self.hour(realm, at).seen.insert(user);
    }

    /// Adds a line to the trail of its tenant.
    pub(crate) fn record(&mut self, entry: AuditEntry) {
        self.trails.entry(entry.realm.tenant).or_default().push(entry);
    }

    fn hour(&mut self, realm: Realm, at: Timestamp) -> &mut Hour {
        self.hours.entry((realm, at.hour())).or_default()
    }

    /// The hours that begin at `from` or later and before `until`.
    fn hours(&self, realm: Realm, from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, &Hour)> {
        // A range that ends before it begins is empty here; to `BTreeMap::range` it is a reason to panic.
        let hours = self.hours.range((realm, from)..(realm, until.max(from)));
        hours.map(|((_, hour), what)| (*hour, what))
    }

    fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Vec<Counted> {
        let counted = |(hour, what): (Timestamp, &Hour)| {
            what.counts.iter().map(|(&counter, &count)| Counted { hour, counter, count }).collect::<Vec<_>>()
        };
        self.hours(realm, from, until).flat_map(counted).collect()
    }

    fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> usize {
        self.hours(realm, from, until).flat_map(|(_, what)| &what.seen).collect::<BTreeSet<_>>().len()
    }

    fn recent(&self, tenant: TenantId, max: usize) -> Vec<AuditEntry> {
        self.trails.get(&tenant).into_iter().flatten().rev().take(max).cloned().collect()
    }
}

#[async_trait]
impl Metering for MemoryStore {
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>> {
        Ok(self.read("memory.counts")?.ledger.counts(realm, from, until))
    }

    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64> {
        Ok(self.read("memory.unique_users")?.ledger.unique_users(realm, from, until) as u64)
    }

    async fn users(&self, realm: Realm) -> Res<u64> {
        Ok(self.read("memory.users")?.users.count(realm).into())
    }
}

#[async_trait]
impl AuditLog for MemoryStore {
    async fn recent(&self, tenant: TenantId, max: usize) -> Res<Vec<AuditEntry>> {
        Ok(self.read("memory.recent")?.ledger.recent(tenant, max))
    }
}
