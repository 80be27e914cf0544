//! Managing customers.

mod account;
pub(crate) mod analytics;
pub(crate) mod audit;
pub(crate) mod config;
mod cursor;
mod customers;
pub(crate) mod keys;
pub(crate) mod onboarding;
mod page;
mod range;
mod register;
mod usage;
pub(crate) mod users;

pub(crate) use account::{activate, rename, set_plan, set_status, suspend};
pub(crate) use customers::{get, list, me};
pub(crate) use register::{plain_name, register};
pub(crate) use usage::usage;

use otp_core::email::EmailAddress;
use otp_core::id::TenantId;
use otp_core::plan::{Feature, Plan};
use otp_core::tenant::{Tenant, TenantStatus};
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::reply::rfc_3339;

/// A customer as he and operators see him.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
    customer_id: TenantId,
    name: String,
    email: Option<String>,
    company_name: Option<String>,
    plan: String,
    status: TenantStatus,
    #[serde(serialize_with = "rfc_3339")]
    created_at: Timestamp,
    features: Features,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Features {
    custom_email_templates: bool,
    webhooks: bool,
    analytics: bool,
}

impl Customer {
    pub(crate) fn of(tenant: Tenant, app: &App) -> Self {
        Self {
            features: Features::of(app.deployment.plans().get(&tenant.plan)),
            customer_id: tenant.id,
            name: tenant.name,
            email: tenant.owner.as_ref().map(EmailAddress::canonical).map(str::to_owned),
            company_name: tenant.company_name,
            plan: tenant.plan,
            status: tenant.status,
            created_at: tenant.created_at,
        }
    }
}

impl Features {
    fn of(plan: Option<&Plan>) -> Self {
        let has = |feature| plan.is_some_and(|plan| plan.features.contains(&feature));
        Self {
            custom_email_templates: has(Feature::CustomEmailTemplates),
            webhooks: has(Feature::Webhooks),
            analytics: has(Feature::Analytics),
        }
    }
}
