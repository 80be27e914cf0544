//! Quotas: how many codes a plan holds for a tenant in a day and in a month, all its users together.

use super::Otp;
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::effect::{Counter, Effect, Once};
use crate::fault::Res;
use crate::keys::Subject;
use crate::limit::{Draw, LimitKey, Mark, Rule, Window};
use crate::plan::Plan;
use crate::tenant::Tenant;
use crate::time::Timestamp;

/// How much of a quota is used when its tenant is warned, in percent.
const WARNED_AT: u64 = 80;
/// Whom a quota counts: the whole tenant, who is named by the realm of its key.
const EVERYBODY: Subject = Subject::from_bytes([0; 32]);

/// How much a tenant has used of what its plan holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanUsage {
    /// What the plan holds.
    pub plan: Plan,
    /// Codes asked for in this UTC day.
    pub today: u64,
    /// When it ends.
    pub day_ends_at: Timestamp,
    /// Codes asked for in this UTC month.
    pub this_month: u64,
    /// When it ends.
    pub month_ends_at: Timestamp,
    /// Users there are.
    pub users: u64,
}

/// A quota, and what counts that it was told of.
struct Quota {
    rule: Rule,
    window: Window,
    limit: Option<u32>,
    warned: Rule,
    exceeded: Rule,
}

/// The quotas of `plan`.
const fn quotas(plan: &Plan) -> [Quota; 2] {
    [
        Quota {
            rule: Rule::QuotaDay,
            window: Window::UtcDay,
            limit: plan.otp_requests_per_day,
            warned: Rule::QuotaDayWarned,
            exceeded: Rule::QuotaDayExceeded,
        },
        Quota {
            rule: Rule::QuotaMonth,
            window: Window::UtcMonth,
            limit: plan.otp_requests_per_month,
            warned: Rule::QuotaMonthWarned,
            exceeded: Rule::QuotaMonthExceeded,
        },
    ]
}

impl Otp {
    /// How much `tenant` has used of its plan, in its live world: by the counters its quotas are drawn from, and
    /// where it has no quota by what was counted for it.
    ///
    /// # Errors
    /// When a store cannot be reached; `Misconfigured` when the tenant is on a plan that is not there.
    pub async fn usage(&self, tenant: &Tenant) -> Res<PlanUsage> {
        let now = self.deployment.now();
        let plan = self.deployment.allowance(tenant)?;
        let [day, month] = quotas(&plan);
        let (today, this_month) = (self.spent(tenant, &day, now).await?, self.spent(tenant, &month, now).await?);
        Ok(PlanUsage {
            today,
            day_ends_at: day.window.end(now),
            this_month,
            month_ends_at: month.window.end(now),
            users: self.deployment.stores.metering.users(tenant.live()).await?,
            plan,
        })
    }

    /// The codes asked for in the window of `quota`.
    async fn spent(&self, tenant: &Tenant, quota: &Quota, now: Timestamp) -> Res<u64> {
        let (realm, window, stores) = (tenant.live(), quota.window, &self.deployment.stores);
        if let Some(limit) = quota.limit {
            let draw = Draw::new(LimitKey { realm, rule: quota.rule, subject: EVERYBODY }, limit, window);
            return Ok(stores.limits.usage(&[draw], now).await?.iter().map(|usage| u64::from(usage.drawn)).sum());
        }
        let end = window.end(now);
        let counts = stores.metering.counts(realm, end.minus(window.length(now)), end).await?;
        let requests = counts.iter().filter(|counted| counted.counter == Counter::OtpRequests);
        Ok(requests.map(|counted| counted.count).sum())
    }

    /// One unit of each quota that `plan` bounds, of the live world alone: what is tested costs nothing. The
    /// tenant is told once a window that it nears its end, and once that it has reached it.
    pub(super) fn quota_draws(&self, tenant: &Tenant, plan: &Plan, caller: &Caller, now: Timestamp) -> Res<Vec<Draw>> {
        let mut draws = Vec::with_capacity(2);
        for Quota { rule, window, limit, warned, exceeded } in quotas(plan) {
            let Some(limit) = limit else { continue };
            let key = LimitKey { realm: tenant.live(), rule, subject: EVERYBODY };
            let told = |event, once| -> Res<Vec<Effect>> {
                let target = Some(Target::Customer(tenant.id));
                let entry = self.deployment.audit(key.realm, event, target, caller, now)?;
                let entry = entry.with("quota", rule.as_str()).with("limit", limit.to_string());
                let key = LimitKey { rule: once, ..key };
                Ok(vec![Effect::Once(Once { key, window, effects: vec![Effect::Audit(entry)] })])
            };
            draws.push(Draw {
                refused: told(AuditEvent::QuotaExceeded, exceeded)?,
                mark: Some(Mark { units: warned_at(limit), effects: told(AuditEvent::QuotaWarning, warned)? }),
                ..Draw::new(key, limit, window)
            });
        }
        Ok(draws)
    }
}

/// With how many units of `limit` drawn the tenant is warned; a unit begun is counted whole.
fn warned_at(limit: u32) -> u32 {
    let units = (u64::from(limit) * WARNED_AT).div_ceil(100);
    u32::try_from(units).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::warned_at;

    #[test]
    fn a_warning_comes_at_four_fifths_rounded_up() {
        for (limit, units) in [(1, 1), (2, 2), (4, 4), (5, 4), (50, 40), (51, 41), (u32::MAX, 3_435_973_836)] {
            assert_eq!(warned_at(limit), units, "{limit}");
        }
    }
}
