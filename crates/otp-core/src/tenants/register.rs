//! Registering tenants.

use super::{KeySpec, NewKey, Tenants};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::calls::Repeatable;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::TenantId;
use crate::port::Inserted;
use crate::tenant::Tenant;
use crate::time::Timestamp;

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

/// A tenant nobody has written yet, its keys, and what to write with it.
pub(crate) struct Drafted {
    pub(crate) tenant: Tenant,
    pub(crate) keys: Vec<NewKey>,
    pub(crate) effects: Vec<Effect>,
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
    pub async fn register(
        &self,
        new: NewTenant,
        caller: &Caller,
        call: Option<&Repeatable<'_, Registered>>,
    ) -> Result<Registered, RegisterError> {
        if self.deployment.plans().get(&new.plan).is_none() {
            return Err(RegisterError::UnknownPlan);
        }
        let now = self.deployment.now();
        let Drafted { tenant, keys, mut effects } = self.draft(new, vec![KeySpec::secret("default")], caller, now)?;
        let key = keys.into_iter().next().ok_or_else(|| Fault::corrupt("tenants.register", "drafted without a key"))?;
        let registered = Registered { tenant, key };
        effects.extend(self.deployment.remembering(call, &registered, now)?);
        match self.deployment.stores.tenants.insert(registered.tenant.clone(), effects, now).await? {
            Inserted::Inserted => Ok(registered),
            Inserted::Exists => Err(RegisterError::EmailTaken),
        }
    }

    /// A tenant with keys of these kinds, in their order, to be written by the caller.
    pub(crate) fn draft(&self, new: NewTenant, keys: Vec<KeySpec>, caller: &Caller, now: Timestamp) -> Res<Drafted> {
        let mut tenant = Tenant::new(TenantId::generate(&*self.deployment.entropy)?, new.name, new.plan, now);
        tenant.owner = Some(new.owner);
        tenant.company_name = new.company_name;
        let keys = keys.into_iter().map(|spec| self.make_key(spec, now)).collect::<Res<Vec<_>>>()?;
        tenant.keys.extend(keys.iter().map(|key| key.record.clone()));
        let created = [(AuditEvent::CustomerCreated, Target::Customer(tenant.id))];
        let made = tenant.keys.iter().map(|key| (AuditEvent::ApiKeyCreated, Target::Key(key.id)));
        let effects = created.into_iter().chain(made);
        let effects = effects.map(|(event, target)| self.entry(&tenant, event, target, caller, now).map(Effect::Audit));
        Ok(Drafted { effects: effects.collect::<Res<_>>()?, tenant, keys })
    }
}
