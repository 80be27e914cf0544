//! Audit trails: what was written of each tenant, and the chain it was sealed into.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::audit::{AuditEntry, Head, Kept, Link};
use otp_core::fault::Res;
use otp_core::id::TenantId;
use otp_core::port::{AuditCursor, AuditFilter, AuditLog, AuditTrail, Placed, Sealing, Unsealed};
use otp_core::time::Timestamp;

use crate::MemoryStore;

/// All trails.
#[derive(Default)]
pub(crate) struct Trails {
    trails: BTreeMap<TenantId, Trail>,
    /// The number of the last entry written; none is used twice.
    last: i64,
}

/// One trail.
#[derive(Default)]
struct Trail {
    head: Option<Head>,
    chain: BTreeMap<u64, Link>,
    /// In the order of writing.
    unsealed: BTreeMap<i64, Kept>,
}

impl Trail {
    /// Every entry with its place, the one written last first.
    fn newest_first(&self) -> impl Iterator<Item = (Option<u64>, &Kept)> {
        let unsealed = self.unsealed.values().rev().map(|kept| (None, kept));
        unsealed.chain(self.chain.values().rev().map(|link| (Some(link.seq), &link.kept)))
    }

    pub(crate) fn octets(&self) -> u64 {
        self.newest_first().map(|(_, kept)| kept.text.len() as u64).sum()
    }
}

impl Trails {
    /// Adds a line to the trail of its tenant.
    pub(crate) fn record(&mut self, tenant: TenantId, kept: Kept) {
        self.last += 1;
        self.trails.entry(tenant).or_default().unsealed.insert(self.last, kept);
    }

    pub(crate) fn octets(&self, tenant: TenantId) -> u64 {
        self.trails.get(&tenant).map_or(0, Trail::octets)
    }

    fn newest_first(&self, tenant: TenantId) -> impl Iterator<Item = (Option<u64>, &Kept)> {
        self.trails.get(&tenant).into_iter().flat_map(Trail::newest_first)
    }

    fn page(&self, tenant: TenantId, filter: &AuditFilter, after: Option<AuditCursor>, max: usize) -> Res<Vec<Placed>> {
        let mut found: Vec<(Option<u64>, &Kept)> = self
            .newest_first(tenant)
            .filter(|(_, kept)| after.is_none_or(|last| (kept.at, kept.id) < (last.at, last.id)))
            .filter(|(_, kept)| filter.mentions.as_ref().is_none_or(|mentioned| kept.text.contains(mentioned)))
            .collect();
        found.sort_by_key(|(_, kept)| Reverse((kept.at, kept.id)));
        let placed = |(seq, kept): (Option<u64>, &Kept)| Ok(Placed { entry: kept.entry()?, seq });
        let passing = found.into_iter().map(placed).filter(|placed: &Res<Placed>| match placed {
            Ok(placed) => passes(filter, &placed.entry),
            Err(_) => true,
        });
        passing.take(max).collect()
    }

    fn unsealed(&self, max: usize) -> Vec<Unsealed> {
        let mut left = max;
        let mut all = Vec::new();
        for (tenant, trail) in self.trails.iter().filter(|(_, trail)| !trail.unsealed.is_empty()) {
            let entries: Vec<_> =
                trail.unsealed.iter().take(left).map(|(number, kept)| (*number, kept.clone())).collect();
            left -= entries.len();
            all.push(Unsealed { tenant: *tenant, head: trail.head, entries });
            if left == 0 {
                break;
            }
        }
        all
    }

    fn seal(&mut self, sealings: Vec<Sealing>) -> u64 {
        let mut sealed = 0;
        for Sealing { tenant, expected, head, links } in sealings {
            let trail = self.trails.entry(tenant).or_default();
            if trail.head != expected {
                continue;
            }
            trail.head = Some(head);
            sealed += links.len() as u64;
            for (number, link) in links {
                trail.unsealed.remove(&number);
                trail.chain.insert(link.seq, link);
            }
        }
        sealed
    }

    fn shorten(&mut self, tenant: TenantId, expected: &Head, head: Head) -> u64 {
        let Some(trail) = self.trails.get_mut(&tenant).filter(|trail| trail.head == Some(*expected)) else { return 0 };
        trail.head = Some(head);
        let kept = trail.chain.split_off(&head.first);
        std::mem::replace(&mut trail.chain, kept).len() as u64
    }
}

fn passes(filter: &AuditFilter, entry: &AuditEntry) -> bool {
    filter.from.is_none_or(|from| entry.at >= from)
        && filter.until.is_none_or(|until| entry.at < until)
        && filter.event.is_none_or(|event| entry.event == event)
        && filter.actor.as_ref().is_none_or(|actor| *actor == entry.actor.name())
}

#[async_trait]
impl AuditLog for MemoryStore {
    async fn recent(&self, tenant: TenantId, max: usize) -> Res<Vec<AuditEntry>> {
        self.read("memory.recent")?.trails.newest_first(tenant).take(max).map(|(_, kept)| kept.entry()).collect()
    }
}

#[async_trait]
impl AuditTrail for MemoryStore {
    async fn page(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        max: usize,
    ) -> Res<Vec<Placed>> {
        self.read("memory.trail")?.trails.page(tenant, filter, after, max)
    }

    async fn unsealed(&self, max: usize) -> Res<Vec<Unsealed>> {
        Ok(self.read("memory.unsealed")?.trails.unsealed(max))
    }

    async fn seal(&self, sealings: Vec<Sealing>) -> Res<u64> {
        Ok(self.read("memory.seal")?.trails.seal(sealings))
    }

    async fn head(&self, tenant: TenantId) -> Res<Option<Head>> {
        Ok(self.read("memory.head")?.trails.trails.get(&tenant).and_then(|trail| trail.head))
    }

    async fn links(&self, tenant: TenantId, after: u64, max: usize) -> Res<Vec<Link>> {
        let state = self.read("memory.links")?;
        let chain = state.trails.trails.get(&tenant).map(|trail| &trail.chain);
        Ok(chain
            .into_iter()
            .flat_map(|chain| chain.range(after + 1..))
            .take(max)
            .map(|(_, link)| link.clone())
            .collect())
    }

    async fn waiting(&self, tenant: TenantId) -> Res<u64> {
        let state = self.read("memory.waiting")?;
        Ok(state.trails.trails.get(&tenant).map_or(0, |trail| trail.unsealed.len() as u64))
    }

    async fn beginning_before(&self, before: Timestamp, max: usize) -> Res<Vec<(TenantId, Head)>> {
        let state = self.read("memory.beginning_before")?;
        let heads = state.trails.trails.iter().filter_map(|(tenant, trail)| Some((*tenant, trail.head?)));
        Ok(heads.filter(|(_, head)| head.oldest.is_some_and(|oldest| oldest < before)).take(max).collect())
    }

    async fn shorten(&self, tenant: TenantId, expected: &Head, head: Head) -> Res<u64> {
        Ok(self.read("memory.shorten")?.trails.shorten(tenant, expected, head))
    }
}
