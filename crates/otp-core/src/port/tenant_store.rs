//! Tenants: whole aggregates, compared and set.

use async_trait::async_trait;

use crate::api_key::KeyHash;
use crate::caller::Actor;
use crate::config::OriginAccess;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::Res;
use crate::id::{KeyId, TenantId};
use crate::tenant::{Configured, Tenant, TenantStatus, Version};
use crate::time::Timestamp;

/// Whether a tenant was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It was.
    Inserted,
    /// Its id or its owner's address has a tenant already; nothing was written.
    Exists,
}

/// Whether a tenant was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It was.
    Replaced,
    /// It has another version by now; nothing was written.
    Conflict,
    /// There is none of that id.
    Missing,
}

/// Which tenants to list. Everything left out matches all. The service itself is never listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// Those of this status.
    pub status: Option<TenantStatus>,
    /// Those on this plan.
    pub plan: Option<String>,
    /// Those whose name, company or owner's address holds this text, whatever the case of ASCII letters.
    pub text: Option<String>,
}

impl TenantFilter {
    /// Whether `tenant` is among them.
    pub fn matches(&self, tenant: &Tenant) -> bool {
        let holds = |text: &str, part: &str| text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
        let texts = [
            Some(tenant.name.as_str()),
            tenant.company_name.as_deref(),
            tenant.owner.as_ref().map(crate::email::EmailAddress::canonical),
        ];
        tenant.id != TenantId::SERVICE
            && self.status.is_none_or(|status| tenant.status == status)
            && self.plan.as_ref().is_none_or(|plan| tenant.plan == *plan)
            && self.text.as_ref().is_none_or(|part| texts.iter().flatten().any(|text| holds(text, part)))
    }
}

/// The last tenant of a page; the next page begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantCursor {
    /// When it was made.
    pub created_at: Timestamp,
    /// Its id.
    pub id: TenantId,
}

/// How old an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// As old as what is kept in front of the store: a second at most.
    Kept,
    /// As the store has it now: to decide on, or to show to who has just changed it elsewhere.
    Fresh,
}

/// A version of a configuration, without what is set in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigMark {
    /// Counts the versions.
    pub number: u64,
    /// Since when it held.
    pub at: Timestamp,
    /// On whose authority.
    pub by: Actor,
}

/// Counts the changes of all tenants of a store together.
pub type ChangeNumber = u64;

/// What has changed since an earlier look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Where to look on from.
    pub upto: ChangeNumber,
    /// Which tenants were added or replaced; nothing, if they are too many to be told.
    pub tenants: Option<Vec<TenantId>>,
}

/// Keeps tenants.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TenantStore: Send + Sync {
    /// The tenant one of whose keys has this hash: revoked and expired ones too.
    ///
    /// # Contract
    /// 1. MUST see every change that was answered before (`keys_find_their_tenant`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>>;

    /// The tenant of that id.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn get(&self, id: TenantId, age: Age) -> Res<Option<Tenant>>;

    /// The tenant whose owner has this address.
    ///
    /// # Contract
    /// 1. MUST see every change that was answered before (`an_owner_is_found`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>>;

    /// Up to `max` tenants, the newest first, behind `after`.
    ///
    /// # Contract
    /// 1. MUST neither skip nor double one over the pages, ties broken by id, larger first (`tenants_are_paged`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>>;

    /// Adds a tenant.
    ///
    /// # Contract
    /// 1. MUST add one tenant per owner's address, whatever races (`one_account_an_address`).
    /// 2. MUST keep its configuration under its number (`configurations_are_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted>;

    /// Replaces a tenant whose version is `expected`. The new one carries the next version.
    ///
    /// # Contract
    /// 1. MUST let exactly one of racing replacements of a version through (`replacing_is_compare_and_set`).
    /// 2. MUST write effects exactly if it replaced (`replacing_is_compare_and_set`).
    /// 3. MUST keep its configuration under its number, if that is new (`configurations_are_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn replace(&self, tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Res<Replaced>;

    /// How far pages of `origin`, as a browser has sent it, may call: as far as the active tenant that lets them furthest
    /// says. Preflights are answered by it, which name no tenant.
    ///
    /// # Contract
    /// 1. MUST go by what active tenants have set, and by every change that was answered before (`origins_are_those_of_active_tenants`).
    /// 2. MUST deny what nobody lists, whatever text it is (`origins_are_those_of_active_tenants`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn access_of(&self, origin: &str) -> Res<OriginAccess>;

    /// What has changed since `since`; zero is before the first change.
    ///
    /// # Contract
    /// 1. MUST tell every tenant whose change was answered before and is not within an earlier `upto`,
    ///    in whatever order racing changes are written (`every_change_is_told`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes>;

    /// Up to `max` versions of a tenant's configuration, the newest first, older than number `before`.
    ///
    /// # Contract
    /// 1. MUST list every version that was answered before, and none that was not written (`configurations_are_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>>;

    /// The version `number` of a tenant's configuration.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>>;

    /// Puts `anew`, the same with its secrets sealed anew, in place of the version of its number; answers whether there
    /// is one. What a tenant holds itself is replaced with it.
    ///
    /// # Contract
    /// 1. MUST change nothing but that version, and make none (`configurations_are_sealed_anew`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool>;

    /// Notes that a key was used at `at`. No change of the tenant; never moves backwards.
    ///
    /// # Contract
    /// 1. MUST keep the latest use (`key_uses_are_noted`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()>;

    /// When each key of a tenant was last used, as noted.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>>;
}
