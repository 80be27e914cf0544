//! `GET /admin/usage`

use otp_core::otp::PlanUsage;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{Call, Nothing, TenantCall};
use crate::contract::Operation;
use crate::reply::{self, Answer};

/// How much of its plan the caller has used. What the plan does not bound is null.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlanUsage)]
pub(crate) struct Told {
    plan: String,
    quota: Quota,
    usage: Usage,
    reset_at: ResetAt,
}

/// What the plan holds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Quota {
    #[schema(required)]
    otp_requests_per_day: Option<u32>,
    #[schema(required)]
    otp_requests_per_month: Option<u32>,
    #[schema(required)]
    max_users: Option<u32>,
}

/// What of it is used.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaUsage)]
struct Usage {
    daily: u64,
    monthly: u64,
    users: u64,
}

/// When it begins anew.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaResetAt)]
struct ResetAt {
    #[schema(required)]
    daily: Option<String>,
    #[schema(required)]
    monthly: Option<String>,
}

/// How the route is told of.
pub(crate) const USAGE: Operation =
    Operation::new::<Told>("getUsage", "How much of the plan is used", "What the plan does not bound is null.");

pub(crate) async fn usage(call: Call<TenantCall, Nothing>) -> Answer {
    let tenant = call.who.0.tenant;
    let PlanUsage { plan, today, day_ends_at, this_month, month_ends_at, users } = call.app.otp.usage(&tenant).await?;
    let quota = Quota {
        otp_requests_per_day: plan.otp_requests_per_day,
        otp_requests_per_month: plan.otp_requests_per_month,
        max_users: plan.max_users,
    };
    let ends = |quota: Option<u32>, at: Timestamp| quota.map(|_| at.to_string());
    Ok(reply::ok(Told {
        plan: tenant.plan,
        reset_at: ResetAt {
            daily: ends(quota.otp_requests_per_day, day_ends_at),
            monthly: ends(quota.otp_requests_per_month, month_ends_at),
        },
        quota,
        usage: Usage { daily: today, monthly: this_month, users },
    }))
}
