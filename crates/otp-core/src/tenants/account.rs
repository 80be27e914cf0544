//! What a tenant is: its names, whether it is served, and what it may use.

use super::{Changed, NoTenant, Tenants};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::effect::Effect;
use crate::fault::Fault;
use crate::id::TenantId;
use crate::plan::Overrides;
use crate::tenant::{Tenant, TenantStatus};
use crate::time::Timestamp;

/// A tenant whose status was set.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// What it was.
    pub old: TenantStatus,
    /// What it is.
    pub new: TenantStatus,
    /// Since when.
    pub at: Timestamp,
}

/// Why a tenant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no tenant of that id.
    #[error(transparent)]
    NoTenant(#[from] NoTenant),
    /// It was cancelled, which is final.
    #[error("a cancelled customer stays cancelled")]
    Cancelled,
    /// There is no plan of that name.
    #[error("there is no plan of that name")]
    UnknownPlan,
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Tenants {
    /// Names a tenant anew; what is absent stays. Names are as [`name`](crate::tenant::name) reads them.
    ///
    /// # Errors
    /// [`AccountError::NoTenant`] when there is none.
    pub async fn rename(
        &self,
        id: TenantId,
        name: Option<String>,
        company_name: Option<String>,
    ) -> Result<Tenant, AccountError> {
        let now = self.deployment.now();
        let renamed = self.change::<AccountError>(id, now, |tenant| {
            let before = (tenant.name.clone(), tenant.company_name.clone());
            if let Some(name) = &name {
                tenant.name.clone_from(name);
            }
            if company_name.is_some() {
                tenant.company_name.clone_from(&company_name);
            }
            Ok((before != (tenant.name.clone(), tenant.company_name.clone())).then(Vec::new))
        });
        Ok(renamed.await?.after)
    }

    /// Serves a tenant, or does not. One that stands so already is left as it is.
    ///
    /// # Errors
    /// [`AccountError`]; `Cancelled` when it shall stand otherwise than that.
    pub async fn set_status(
        &self,
        id: TenantId,
        status: TenantStatus,
        reason: Option<&str>,
        caller: &Caller,
    ) -> Result<StatusChange, AccountError> {
        let now = self.deployment.now();
        let Changed { before, after } = self
            .change::<AccountError>(id, now, |tenant| {
                if !tenant.status.becomes(status) {
                    return Err(AccountError::Cancelled);
                }
                if tenant.status == status {
                    return Ok(None);
                }
                let before = std::mem::replace(&mut tenant.status, status);
                tenant.status_changed_at = Some(now);
                let target = Target::Customer(tenant.id);
                let entry = self.entry(tenant, AuditEvent::CustomerStatusChanged, target, caller, now)?;
                let entry = entry.with("before", before.as_str()).with("after", status.as_str());
                let entry = reason.map_or(entry.clone(), |reason| entry.with("reason", reason));
                Ok(Some(vec![Effect::Audit(entry)]))
            })
            .await?;
        let at = after.status_changed_at.unwrap_or(after.created_at);
        Ok(StatusChange { old: before.status, new: after.status, at })
    }

    /// Puts a tenant on a plan, with what it is granted besides.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_plan(
        &self,
        id: TenantId,
        plan: &str,
        overrides: Overrides,
        caller: &Caller,
    ) -> Result<Tenant, AccountError> {
        if self.deployment.plans().get(plan).is_none() {
            return Err(AccountError::UnknownPlan);
        }
        let now = self.deployment.now();
        let planned = self.change::<AccountError>(id, now, |tenant| {
            if tenant.plan == plan && tenant.overrides == overrides {
                return Ok(None);
            }
            let before = std::mem::replace(&mut tenant.plan, plan.to_owned());
            tenant.overrides = overrides;
            let target = Target::Customer(tenant.id);
            let entry = self.entry(tenant, AuditEvent::CustomerPlanChanged, target, caller, now)?;
            Ok(Some(vec![Effect::Audit(entry.with("before", before).with("after", plan))]))
        });
        Ok(planned.await?.after)
    }
}
