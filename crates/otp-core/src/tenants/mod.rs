//! Tenants: register them, look them up, tell who calls, and change what they are, have set and hold keys to.

mod account;
mod cache;
mod configure;
mod keys;
mod refusals;
mod register;

pub use account::{AccountError, StatusChange};
pub use cache::TenantCache;
pub use configure::{ConfigChange, Configure, ConfigureError};
pub use keys::{KeyError, KeySpec, LONGEST_GRACE, MOST_KEYS, NewKey, Rotated};
pub use refusals::Refusal;
pub(crate) use register::Drafted;
pub use register::{NewTenant, RegisterError, Registered};

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api_key::{ApiKey, InvalidApiKey, KeyRecord};
use crate::audit::{AuditEntry, AuditEvent, Target};
use crate::caller::Caller;
use crate::config::OriginAccess;
use crate::deployment::Deployment;
use crate::effect::Effect;
use crate::fault::{Fault, Res};
use crate::id::{KeyId, TenantId};
use crate::port::{Age, ConfigMark, Replaced, TenantCursor, TenantFilter};
use crate::realm::Realm;
use crate::tenant::{Configured, Tenant};
use crate::time::Timestamp;

/// Longest origin that is looked for, in octets: a scheme, a host (RFC 1035, section 2.3.4) and a port.
const MAX_ORIGIN: usize = 270;

/// How often at most the use of one key is written down.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

/// Manages tenants.
#[derive(Clone)]
pub struct Tenants {
    deployment: Deployment,
    uses: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
}

/// Who calls, proven by a key.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The tenant whose key it is.
    pub tenant: Tenant,
    /// The key.
    pub key: KeyRecord,
}

/// Why a key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    /// Malformed, unknown, expired or revoked: one answer for all.
    #[error(transparent)]
    Invalid(#[from] InvalidApiKey),
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A tenant before and after a change; twice the same, if there was none.
struct Changed {
    before: Tenant,
    after: Tenant,
    /// Whether there was one.
    is_written: bool,
}

/// There is no tenant of that id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such customer")]
pub struct NoTenant;

impl Tenants {
    /// Over `deployment`.
    pub fn new(deployment: Deployment) -> Self {
        Self { deployment, uses: Arc::default() }
    }

    /// The tenant and key behind the text of a key, if it opens anything now. One that opens nothing is told to the trail
    /// of its tenant, or, if it has none, of the service; but for a text that is no key at all.
    ///
    /// # Errors
    /// [`KeyRefused`].
    pub async fn authenticate(&self, text: &str, caller: &Caller) -> Result<Principal, KeyRefused> {
        let key = ApiKey::parse(text)?;
        let now = self.deployment.now();
        let tenant = self.deployment.stores.tenants.by_api_key(&key.hash()).await?;
        let found = tenant.and_then(|tenant| Some((tenant.key_by_hash(&key.hash())?.clone(), tenant)));
        let (record, tenant) = match found {
            Some((record, tenant)) if record.is_alive(now) => (record, tenant),
            dead => {
                let (realm, id) = dead.map_or((Realm::SERVICE, None), |(record, tenant)| {
                    (Realm { tenant: tenant.id, mode: record.mode }, Some(record.id))
                });
                self.tell_refusal(Refusal::Key, realm, id, caller, None).await?;
                return Err(InvalidApiKey.into());
            }
        };
        self.note_use(&tenant, record.id, now).await?;
        Ok(Principal { tenant, key: record })
    }

    /// The tenant of that id, no older than `age`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn get(&self, id: TenantId, age: Age) -> Res<Option<Tenant>> {
        self.deployment.stores.tenants.get(id, age).await
    }

    /// Up to `max` tenants, the newest first, behind `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        self.deployment.stores.tenants.list(filter, after, max).await
    }

    /// Up to `max` versions of a tenant's configuration, the newest first, older than number `before`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn configurations(&self, id: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        self.deployment.stores.tenants.configurations(id, before, max).await
    }

    /// The version `number` of a tenant's configuration.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn configuration(&self, id: TenantId, number: u64) -> Res<Option<Configured>> {
        self.deployment.stores.tenants.configuration(id, number).await
    }

    /// How far pages of `origin`, as a browser has sent it, may call some active tenant or other: an answer for callers
    /// of whom no more is known.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        if origin.len() > MAX_ORIGIN {
            return Ok(OriginAccess::Denied);
        }
        self.deployment.stores.tenants.access_of(origin).await
    }

    /// Changes a tenant by compare-and-set, as often as it takes, and answers it as it was and as it is. `change` answers
    /// the effects to write with the change, or nothing to change nothing.
    async fn change<E: From<NoTenant> + From<Fault>>(
        &self,
        id: TenantId,
        now: Timestamp,
        change: impl Fn(&mut Tenant) -> Result<Option<Vec<Effect>>, E>,
    ) -> Result<Changed, E> {
        loop {
            let before = self.get(id, Age::Fresh).await?.ok_or(NoTenant)?;
            let (mut after, expected) = (before.clone(), before.version);
            let Some(effects) = change(&mut after)? else {
                return Ok(Changed { after: before.clone(), before, is_written: false });
            };
            after.version = expected + 1;
            match self.deployment.stores.tenants.replace(after.clone(), expected, effects, now).await? {
                Replaced::Replaced => return Ok(Changed { before, after, is_written: true }),
                Replaced::Conflict => {}
                Replaced::Missing => return Err(NoTenant.into()),
            }
        }
    }

    /// A line of `tenant`'s audit trail.
    fn entry(
        &self,
        tenant: &Tenant,
        event: AuditEvent,
        target: Target,
        caller: &Caller,
        now: Timestamp,
    ) -> Res<AuditEntry> {
        self.deployment.audit(Realm::live(tenant.id), event, Some(target), caller, now)
    }

    async fn note_use(&self, tenant: &Tenant, key: KeyId, now: Timestamp) -> Res<()> {
        {
            // Nothing in here can panic halfway, so a poisoned map is still whole.
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            let noted = uses.entry(key).or_insert(Timestamp::from_millis(i64::MIN));
            if noted.plus(USE_NOTED_EVERY) > now {
                return Ok(());
            }
            *noted = now;
        }
        self.deployment.stores.tenants.touch(tenant.id, key, now).await
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants").finish_non_exhaustive()
    }
}
