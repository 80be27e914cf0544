//! Registering tenants.

use super::keys::NewKey;
use super::{KeySpec, Tenants};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::Fault;
use crate::id::TenantId;
use crate::port::Inserted;
use crate::tenant::Tenant;

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

impl Tenants {
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
        let key = self.make_key(KeySpec::secret("default"), now)?;
        tenant.keys.push(key.record.clone());
        let effects = vec![
            Effect::Audit(self.entry(
                &tenant,
                AuditEvent::CustomerCreated,
                Target::Customer(tenant.id),
                caller,
                now,
            )?),
            Effect::Audit(self.entry(&tenant, AuditEvent::ApiKeyCreated, Target::Key(key.record.id), caller, now)?),
        ];
        match self.deployment.stores.tenants.insert(tenant.clone(), effects, now).await? {
            Inserted::Inserted => Ok(Registered { tenant, key }),
            Inserted::Exists => Err(RegisterError::EmailTaken),
        }
    }
}
