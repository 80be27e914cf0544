//! Tenants and their API keys: register, look up, make and take back keys, tell who calls.

mod cache;

pub use cache::TenantCache;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api_key::{ApiKey, InvalidApiKey, KeyKind, KeyRecord, KeyStatus};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::deployment::Deployment;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{KeyId, TenantId};
use crate::port::{Inserted, Replaced, TenantCursor, TenantFilter};
use crate::realm::{Mode, Realm};
use crate::tenant::Tenant;
use crate::time::Timestamp;

/// How often at most the use of one key is written down.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

/// Manages tenants.
#[derive(Clone)]
pub struct Tenants {
    deployment: Deployment,
    uses: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
}

/// A tenant to register.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// What it is called; as [`name`](crate::tenant::name) reads it.
    pub name: String,
    /// Who owns the account.
    pub owner: EmailAddress,
    /// The company behind it.
    pub company_name: Option<String>,
    /// The name of its plan.
    pub plan: String,
}

/// A tenant just registered, and its first key: the only time that is shown.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The tenant.
    pub tenant: Tenant,
    /// Its first secret key.
    pub key: NewKey,
}

/// A key just made: the only time it is shown.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key in clear.
    pub key: ApiKey,
    /// What is kept of it.
    pub record: KeyRecord,
}

/// Who calls, proven by a key.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The tenant whose key it is.
    pub tenant: Tenant,
    /// The key.
    pub key: KeyRecord,
}

/// Why a tenant was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The owner's address has an account.
    #[error("this email address has an account already")]
    EmailTaken,
    /// There is no plan of that name.
    #[error("there is no plan of that name")]
    UnknownPlan,
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a key was not made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no tenant, or no key of it, of that id.
    #[error("there is no such customer or key")]
    NotFound,
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
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

impl Tenants {
    /// Over `deployment`.
    pub fn new(deployment: Deployment) -> Self {
        Self { deployment, uses: Arc::default() }
    }

    /// The tenant and key behind the text of a key, if it opens anything now.
    ///
    /// # Errors
    /// [`KeyRefused`].
    pub async fn authenticate(&self, text: &str) -> Result<Principal, KeyRefused> {
        let key = ApiKey::parse(text)?;
        let now = self.deployment.now();
        let tenant = self.deployment.stores.tenants.by_api_key(&key.hash()).await?.ok_or(InvalidApiKey)?;
        let record = tenant.key_by_hash(&key.hash()).ok_or(InvalidApiKey)?.clone();
        if record.status(now) != KeyStatus::Active {
            return Err(InvalidApiKey.into());
        }
        self.note_use(&tenant, record.id, now).await?;
        Ok(Principal { tenant, key: record })
    }

    /// Registers a tenant, with a first secret key.
    ///
    /// # Errors
    /// [`RegisterError`]; nothing was written then.
    pub async fn register(&self, new: NewTenant, caller: &Caller) -> Result<Registered, RegisterError> {
        if self.deployment.plans().get(&new.plan).is_none() {
            return Err(RegisterError::UnknownPlan);
        }
        let now = self.deployment.now();
        let mut tenant = Tenant::new(TenantId::generate(&*self.deployment.entropy)?, new.name, new.plan, now);
        tenant.owner = Some(new.owner);
        tenant.company_name = new.company_name;
        let key = self.make_key("default", KeyKind::Secret, now)?;
        tenant.keys.push(key.record.clone());
        let effects = vec![
            self.tell(&tenant, AuditEvent::CustomerCreated, Target::Customer(tenant.id), caller, now)?,
            self.tell(&tenant, AuditEvent::ApiKeyCreated, Target::Key(key.record.id), caller, now)?,
        ];
        match self.deployment.stores.tenants.insert(tenant.clone(), effects, now).await? {
            Inserted::Inserted => Ok(Registered { tenant, key }),
            Inserted::Exists => Err(RegisterError::EmailTaken),
        }
    }

    /// The tenant of that id.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn get(&self, id: TenantId) -> Res<Option<Tenant>> {
        self.deployment.stores.tenants.get(id).await
    }

    /// Up to `max` tenants, the newest first, behind `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        self.deployment.stores.tenants.list(filter, after, max).await
    }

    /// Makes a secret key of a tenant.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] when there is no such tenant.
    pub async fn create_key(&self, id: TenantId, name: &str, caller: &Caller) -> Result<NewKey, KeyError> {
        self.add_key(id, name, KeyKind::Secret, caller).await
    }

    /// Makes a key for who runs the service.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn create_operator(&self, name: &str, caller: &Caller) -> Result<NewKey, KeyError> {
        let now = self.deployment.now();
        let service = Tenant::new(TenantId::SERVICE, "OTP", "enterprise", now);
        // Whoever comes second finds it there, which is as good.
        self.deployment.stores.tenants.insert(service, Vec::new(), now).await?;
        self.add_key(TenantId::SERVICE, name, KeyKind::Operator, caller).await
    }

    /// The keys of a tenant, the revoked ones too, each with its last use.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] when there is no such tenant.
    pub async fn keys(&self, id: TenantId) -> Result<Vec<(KeyRecord, Option<Timestamp>)>, KeyError> {
        let tenant = self.get(id).await?.ok_or(KeyError::NotFound)?;
        let uses: HashMap<_, _> = self.deployment.stores.tenants.key_uses(id).await?.into_iter().collect();
        let with_use = |key: KeyRecord| {
            let used = uses.get(&key.id).copied();
            (key, used)
        };
        Ok(tenant.keys.into_iter().map(with_use).collect())
    }

    /// Takes a key back: it opens nothing from now on. Taking it back twice changes nothing.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] when that tenant has no such key.
    pub async fn revoke_key(&self, id: TenantId, key: KeyId, caller: &Caller) -> Result<(), KeyError> {
        let now = self.deployment.now();
        self.change(id, now, |tenant| {
            let record = tenant.keys.iter_mut().find(|record| record.id == key).ok_or(KeyError::NotFound)?;
            if record.revoked_at.is_some() {
                return Ok(None);
            }
            record.revoked_at = Some(now);
            Ok(Some(self.tell(tenant, AuditEvent::ApiKeyRevoked, Target::Key(key), caller, now)?))
        })
        .await
    }

    async fn add_key(&self, id: TenantId, name: &str, kind: KeyKind, caller: &Caller) -> Result<NewKey, KeyError> {
        let now = self.deployment.now();
        let key = self.make_key(name, kind, now)?;
        self.change(id, now, |tenant| {
            tenant.keys.push(key.record.clone());
            Ok(Some(self.tell(tenant, AuditEvent::ApiKeyCreated, Target::Key(key.record.id), caller, now)?))
        })
        .await?;
        Ok(key)
    }

    /// Changes a tenant by compare-and-set, as often as it takes. `change` answers the effect to write
    /// with the change, or nothing to change nothing.
    async fn change(
        &self,
        id: TenantId,
        now: Timestamp,
        change: impl Fn(&mut Tenant) -> Result<Option<Effect>, KeyError>,
    ) -> Result<(), KeyError> {
        loop {
            let mut tenant = self.get(id).await?.ok_or(KeyError::NotFound)?;
            let expected = tenant.version;
            let Some(effect) = change(&mut tenant)? else { return Ok(()) };
            tenant.version = expected + 1;
            match self.deployment.stores.tenants.replace(tenant, expected, vec![effect], now).await? {
                Replaced::Replaced => return Ok(()),
                Replaced::Conflict => {}
                Replaced::Missing => return Err(KeyError::NotFound),
            }
        }
    }

    fn make_key(&self, name: &str, kind: KeyKind, now: Timestamp) -> Res<NewKey> {
        let key = ApiKey::generate(kind, &*self.deployment.entropy)?;
        let record = KeyRecord {
            id: KeyId::generate(&*self.deployment.entropy)?,
            name: name.to_owned(),
            kind,
            mode: Mode::Live,
            hash: key.hash(),
            last4: key.last4().to_owned(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
        };
        Ok(NewKey { key, record })
    }

    fn tell(&self, tenant: &Tenant, event: AuditEvent, target: Target, caller: &Caller, now: Timestamp) -> Res<Effect> {
        Ok(Effect::Audit(self.deployment.audit(Realm::live(tenant.id), event, Some(target), caller, now)?))
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
