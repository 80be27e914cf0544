//! What a tenant is: its names, whether it is served, and what it may use.

use std::time::Duration;

use super::{Changed, NoTenant, Tenants};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::calls::Repeatable;
use crate::effect::{Effect, Letter, MailJob, News, Notice};
use crate::fault::{Fault, Res};
use crate::id::{MailId, TenantId};
use crate::limit::DAY;
use crate::plan::Overrides;
use crate::realm::Realm;
use crate::tenant::{Tenant, TenantStatus};
use crate::time::Timestamp;

/// How long it is tried to tell an owner what is new.
const NEWS_LAST: Duration = DAY;

/// A tenant whose status was set.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// Whose.
    pub tenant: TenantId,
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

    /// Notes whether a tenant wants to hear no more of how it is set up.
    ///
    /// # Errors
    /// [`AccountError::NoTenant`] when there is none.
    pub async fn dismiss_onboarding(&self, id: TenantId, dismissed: bool) -> Result<Tenant, AccountError> {
        let now = self.deployment.now();
        let changed = self.change::<AccountError>(id, now, |tenant| {
            let before = std::mem::replace(&mut tenant.onboarding_dismissed, dismissed);
            Ok((before != dismissed).then(Vec::new))
        });
        Ok(changed.await?.after)
    }

    /// Serves a tenant, or does not, and tells its owner. One that stands so already is left as it is.
    ///
    /// # Errors
    /// [`AccountError`]; `Cancelled` when it shall stand otherwise than that.
    pub async fn set_status(
        &self,
        id: TenantId,
        status: TenantStatus,
        reason: Option<&str>,
        caller: &Caller,
        call: Option<&Repeatable<'_, StatusChange>>,
    ) -> Result<StatusChange, AccountError> {
        let now = self.deployment.now();
        let Changed { before, after, is_written } = self
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
                let news = News::Status { status, reason: reason.map(str::to_owned) };
                let change = StatusChange { tenant: id, old: before, new: status, at: now };
                let remembered = self.deployment.remembering(call, &change, now)?;
                let effects = [Effect::Audit(entry), self.notice(tenant, news, now)?];
                Ok(Some(effects.into_iter().chain(remembered).collect()))
            })
            .await?;
        let at = after.status_changed_at.unwrap_or(after.created_at);
        let change = StatusChange { tenant: id, old: before.status, new: after.status, at };
        if is_written {
            self.deployment.bell.ring();
        } else {
            self.deployment.remember(call, &change, now).await?;
        }
        Ok(change)
    }

    /// Puts a tenant on a plan, with what it is granted besides, and tells its owner.
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
            let notice = self.notice(tenant, News::Plan { plan: plan.to_owned() }, now)?;
            Ok(Some(vec![Effect::Audit(entry.with("before", before).with("after", plan)), notice]))
        });
        let planned = planned.await?.after;
        self.deployment.bell.ring();
        Ok(planned)
    }

    /// A mail of the service to the owner of `tenant`, in the tenant's language.
    fn notice(&self, tenant: &Tenant, news: News, now: Timestamp) -> Res<Effect> {
        Ok(Effect::Mail(MailJob {
            id: MailId::generate(&*self.deployment.entropy)?,
            realm: Realm::SERVICE,
            letter: Letter::Notice(Notice { tenant: tenant.id, news, expires_at: now.plus(NEWS_LAST) }),
            locale: tenant.settings().locale.unwrap_or_default(),
        }))
    }
}
