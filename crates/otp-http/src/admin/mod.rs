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

pub(crate) use account::{
    ACTIVATE, RENAME, SET_PLAN, SET_STATUS, SUSPEND, activate, rename, set_plan, set_status, suspend,
};
pub(crate) use customers::{GET, LIST, ME, get, list, me};
pub(crate) use register::{REGISTER, plain_name, register};
pub(crate) use usage::{USAGE, usage};

use otp_core::email::EmailAddress;
use otp_core::id::TenantId;
use otp_core::plan::{Feature, Plan};
use otp_core::tenant::{Tenant, TenantStatus};
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::contract;
use crate::reply::rfc_3339;

/// A customer as he and operators see him.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    name: String,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    company_name: Option<String>,
    plan: String,
    #[schema(value_type = contract::CustomerStatus)]
    status: TenantStatus,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    features: Features,
}

/// What a plan includes.
#[derive(Serialize, ToSchema)]
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
