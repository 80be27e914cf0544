//! What effects have left behind, usage by the hour and the audit trail; and how many users there are.

use async_trait::async_trait;

use crate::audit::AuditEntry;
use crate::effect::Counter;
use crate::fault::Res;
use crate::id::TenantId;
use crate::realm::Realm;
use crate::time::Timestamp;

/// How often something happened within one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// The start of the hour.
    pub hour: Timestamp,
    /// What.
    pub counter: Counter,
    /// How often; never zero.
    pub count: u64,
}

/// Usage: users, and what is written through [`Effect::Count`](crate::effect::Effect::Count) and [`Effect::Seen`](crate::effect::Effect::Seen).
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Metering: Send + Sync {
    /// What was counted in the hours from `from` until before `until`, by hour and counter.
    ///
    /// # Contract
    /// 1. MUST count every effect exactly once (`counts_are_exact`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>>;

    /// How many users were seen in the hours from `from` until before `until`, each once.
    ///
    /// # Contract
    /// 1. MUST count a user once, however often he was seen (`counts_are_exact`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64>;

    /// How many users there are.
    ///
    /// # Contract
    /// 1. MUST count a user from the write on that made him, by whichever node (`users_are_counted`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn users(&self, realm: Realm) -> Res<u64>;
}

/// The audit trail, written through [`Effect::Audit`](crate::effect::Effect::Audit).
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// The last `max` entries of a tenant, the one written last first.
    ///
    /// # Contract
    /// 1. MUST answer entries as they were written, whole (`effects_follow_the_outcome`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn recent(&self, tenant: TenantId, max: usize) -> Res<Vec<AuditEntry>>;
}
