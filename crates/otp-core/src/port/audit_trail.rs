//! Audit trails: read by their tenants, sealed into chains, shortened.

use async_trait::async_trait;

use crate::audit::{AuditEntry, AuditEvent, Head, Kept, Link};
use crate::fault::Res;
use crate::id::{AuditId, TenantId};
use crate::time::Timestamp;

/// Which entries of a trail are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not those before.
    pub from: Option<Timestamp>,
    /// Not those at or after.
    pub until: Option<Timestamp>,
    /// Only those of this event.
    pub event: Option<AuditEvent>,
    /// Only those on the authority of the actor with this id; without an id, of this type.
    pub actor: Option<String>,
    /// Only those whose text holds this, an id or the name of an address.
    pub mentions: Option<String>,
}

/// The last entry of a page; the next page begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor {
    /// When it happened.
    pub at: Timestamp,
    /// Its id.
    pub id: AuditId,
}

/// An entry, and its place in the chain once it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What it tells.
    pub entry: AuditEntry,
    /// Its place.
    pub seq: Option<u64>,
}

/// What waits to be sealed of one trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// Whose.
    pub tenant: TenantId,
    /// Where its chain ends, if it has begun.
    pub head: Option<Head>,
    /// What waits, in the order of writing, each under the number its store gave it.
    pub entries: Vec<(i64, Kept)>,
}

/// How a chain goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// Whose.
    pub tenant: TenantId,
    /// The head it is continued from; nothing, if it begins.
    pub expected: Option<Head>,
    /// The head it has then.
    pub head: Head,
    /// What is sealed, each by the number of [`Unsealed::entries`].
    pub links: Vec<(i64, Link)>,
}

/// Keeps what is written through [`Effect::Audit`](crate::effect::Effect::Audit) as chains. Implemented by who keeps
/// tenants; [`AuditLog`](super::AuditLog) is what remains for who does not.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Up to `max` entries of a tenant that pass `filter`, sealed or not, the newest first, behind `after`.
    ///
    /// # Contract
    /// 1. MUST neither skip nor double one over the pages, ties broken by id, larger first, nor answer one of another
    ///    tenant; an entry is sealed meanwhile or not (`trails_are_paged`).
    /// 2. MUST answer exactly what passes the filter (`trails_are_filtered`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn page(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        max: usize,
    ) -> Res<Vec<Placed>>;

    /// Up to `max` entries that wait to be sealed, of whatever trails.
    ///
    /// # Contract
    /// 1. MUST give every entry sooner or later, those of one trail in an order in which its verbs were answered
    ///    (`entries_are_sealed_once`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn unsealed(&self, max: usize) -> Res<Vec<Unsealed>>;

    /// Seals entries; answers how many. Passes over trails whose head is another than was expected by now.
    ///
    /// # Contract
    /// 1. MUST write links and head of a trail together, or neither (`entries_are_sealed_once`).
    /// 2. MUST pass over a trail that somebody else has continued or shortened since, whatever races
    ///    (`sealers_do_not_disturb_each_other`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn seal(&self, sealings: Vec<Sealing>) -> Res<u64>;

    /// The head of a chain; nothing, if it has not begun.
    ///
    /// # Contract
    /// 1. MUST answer it as it was sealed last (`entries_are_sealed_once`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn head(&self, tenant: TenantId) -> Res<Option<Head>>;

    /// Up to `max` links of a chain behind the place `after`, in their order.
    ///
    /// # Contract
    /// 1. MUST answer them octet by octet as they were written (`entries_are_sealed_once`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn links(&self, tenant: TenantId, after: u64, max: usize) -> Res<Vec<Link>>;

    /// How many entries of a tenant wait to be sealed.
    ///
    /// # Contract
    /// 1. MUST count what [`unsealed`](Self::unsealed) would give (`entries_are_sealed_once`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn waiting(&self, tenant: TenantId) -> Res<u64>;

    /// Up to `max` chains whose oldest entry happened before `before`.
    ///
    /// # Contract
    /// 1. MUST go by the head (`a_chain_is_shortened_from_its_beginning`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn beginning_before(&self, before: Timestamp, max: usize) -> Res<Vec<(TenantId, Head)>>;

    /// Gives a chain the head `head` and deletes what is before it; answers how many entries. Nothing, if its head is
    /// another than `expected` by now.
    ///
    /// # Contract
    /// 1. MUST write both together (`a_chain_is_shortened_from_its_beginning`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn shorten(&self, tenant: TenantId, expected: &Head, head: Head) -> Res<u64>;
}
