//! Trails: read, sealed, and shortened.

use std::fmt;
use std::time::Duration;

use super::chain::{Head, Link};
use crate::deployment::Deployment;
use crate::fault::Res;
use crate::id::TenantId;
use crate::limit::DAY;
use crate::port::{AuditCursor, AuditFilter, Placed, Sealing, Unsealed};

/// How long entries are kept.
const KEPT: Duration = Duration::from_secs(90 * DAY.as_secs());
/// Entries sealed in one write: a few milliseconds, for which everybody else waits.
const AT_ONCE: usize = 256;
/// Entries read at a time where a trail is walked.
const STEP: usize = 500;

/// The audit trails of a deployment.
#[derive(Clone)]
pub struct Trails {
    pub(super) deployment: Deployment,
}

impl Trails {
    /// Those of `deployment`.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// Up to `max` entries of a tenant that pass `filter`, the newest first, behind `after`; sealed or not.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn page(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        max: usize,
    ) -> Res<Vec<Placed>> {
        self.deployment.stores.trails.page(tenant, filter, after, max).await
    }

    /// Seals everything that waits; answers how many entries it has sealed. To be called once a second or so. Any number
    /// of processes may: the head a chain is continued from tells the one who came first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn seal(&self) -> Res<u64> {
        let mut sealed = 0;
        loop {
            let waiting = self.deployment.stores.trails.unsealed(AT_ONCE).await?;
            let read: usize = waiting.iter().map(|trail| trail.entries.len()).sum();
            if read == 0 {
                return Ok(sealed);
            }
            let sealings = waiting.into_iter().map(|trail| self.continued(trail)).collect();
            let written = self.deployment.stores.trails.seal(sealings).await?;
            sealed += written;
            // Somebody else seals, too: what is left is his.
            if read < AT_ONCE || written == 0 {
                return Ok(sealed);
            }
        }
    }

    /// The chain of one trail, with what waits at its end.
    fn continued(&self, Unsealed { tenant, head, entries }: Unsealed) -> Sealing {
        let keys = &self.deployment.keys;
        let mut next = head.unwrap_or(Head::NONE);
        let mut links = Vec::with_capacity(entries.len());
        for (number, kept) in entries {
            next.last += 1;
            next.latest = keys.link_mac(tenant, next.last, next.latest, &kept);
            next.oldest.get_or_insert(kept.at);
            links.push((number, Link { seq: next.last, mac: next.latest, kept }));
        }
        Sealing { tenant, expected: head, head: keys.sealed_head(tenant, next), links }
    }

    /// Deletes entries that happened more than ninety days ago, from the beginning of each chain up to the first that
    /// is younger; answers how many. To be called every minute or so.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn shorten(&self) -> Res<u64> {
        let trails = &self.deployment.stores.trails;
        let before = self.deployment.now().minus(KEPT);
        let mut deleted = 0;
        loop {
            let due = trails.beginning_before(before, STEP).await?;
            let mut round = 0;
            for (tenant, head) in due {
                let links = trails.links(tenant, head.first.saturating_sub(1), STEP).await?;
                // Late ones may follow younger ones: they stay until those go.
                let old = links.iter().take_while(|link| link.kept.at < before && link.seq <= head.last).last();
                let (first, behind) = old.map_or((head.first, head.before), |old| (old.seq + 1, old.mac));
                let oldest = links.iter().find(|link| link.seq >= first).map(|link| link.kept.at);
                // There may be more than was read: the next round finds out its age.
                let oldest = oldest.or(head.oldest.filter(|_| first <= head.last));
                let next = Head { first, before: behind, oldest, ..head };
                round += trails.shorten(tenant, &head, self.deployment.keys.sealed_head(tenant, next)).await?;
            }
            deleted += round;
            if round == 0 {
                return Ok(deleted);
            }
        }
    }
}

impl fmt::Debug for Trails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trails").finish_non_exhaustive()
    }
}
