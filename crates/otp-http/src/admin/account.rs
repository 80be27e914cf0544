//! What a customer is: `PUT /admin/customers/me`, and for operators `PUT …/{id}/status`, `PUT …/{id}/plan`,
//! `POST …/{id}/suspend`, `POST …/{id}/activate`.

use axum::response::IntoResponse;
use otp_core::calls::Repeatable;
use otp_core::id::TenantId;
use otp_core::plan::Overrides;
use otp_core::tenant::{MAX_REASON, TenantStatus};
use otp_core::tenants::StatusChange;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::Customer;
use super::customers::{customer, status};
use super::register::{known_plan, plain_name};
use crate::app::App;
use crate::call::{Call, Form, Input, Once, Operator, TenantCall, plain};
use crate::contract::{self, Bound, CustomerStatus, Header, Name, Operation, Reason, Shape, closed};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer, Reply, rfc_3339};

/// A customer, changed.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerChanged)]
pub(crate) struct Changed {
    customer: Customer,
    message: &'static str,
}

/// How the route is told of.
pub(crate) const RENAME: Operation =
    Operation::new::<Changed>("renameOwnCustomer", "Name the account anew", "What is left out stays as it is.");

/// How the route is told of.
pub(crate) const SET_STATUS: Operation = Operation::new::<Stands>(
    "setCustomerStatus",
    "Set the status of a customer",
    "`cancelled` is final. The same status again changes nothing. The owner is told by mail.",
)
.refusing(&[ProblemCode::InvalidTransition]);

/// How the route is told of.
pub(crate) const SUSPEND: Operation = Operation::new::<Stands>(
    "suspendCustomer",
    "Serve a customer no more",
    "Its keys and tokens are refused until it is activated again. The owner is told by mail.",
)
.with(&[Header::Replayed])
.refusing(&[ProblemCode::InvalidTransition]);

/// How the route is told of.
pub(crate) const ACTIVATE: Operation =
    Operation::new::<Stands>("activateCustomer", "Serve a suspended customer again", "The owner is told by mail.")
        .with(&[Header::Replayed])
        .refusing(&[ProblemCode::InvalidTransition]);

/// How the route is told of.
pub(crate) const SET_PLAN: Operation = Operation::new::<Planned>(
    "setCustomerPlan",
    "Put a customer on a plan",
    "With `overrides` in place of what the plan allows, all of which are set anew. The owner is told by mail.",
);

/// The names a customer gives himself.
pub(crate) struct Names {
    name: Option<String>,
    company_name: Option<String>,
}

impl Input for Names {
    fn tell(shape: &mut Shape) {
        shape
            .optional::<Name>("name", "What it is called, in its mails too.")
            .optional::<Name>("companyName", "The company behind it.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let body = &mut form.body;
        Some(Self { name: body.optional("name", plain_name), company_name: body.optional("companyName", plain_name) })
    }
}

/// Names the caller's own account anew.
pub(crate) async fn rename(call: Call<TenantCall, Names>) -> Answer {
    let Call { app, who: TenantCall(who), input: Names { name, company_name }, .. } = call;
    let tenant = app.tenants.rename(who.tenant.id, name, company_name).await?;
    Ok(reply::ok(Changed { customer: Customer::of(tenant, &app), message: "Saved." }))
}

/// Whom a change of status is about, and why it is made.
pub(crate) struct Why {
    id: Option<TenantId>,
    reason: Option<String>,
}

impl Input for Why {
    fn tell(shape: &mut Shape) {
        shape.optional::<Reason>("reason", "Why, for the audit trail and the mail to the owner.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let id = customer(form, 1);
        let reason = form.body.optional("reason", |text| plain(MAX_REASON, text).map(str::to_owned));
        Some(Self { id, reason })
    }
}

/// The same, and the status.
pub(crate) struct Standing {
    status: TenantStatus,
    why: Why,
}

impl Input for Standing {
    fn tell(shape: &mut Shape) {
        shape.required::<CustomerStatus>("status", "The status it shall have.");
        Why::tell(shape);
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let status = form.body.required("status", status);
        let why = Why::read(form, app)?;
        Some(Self { status: status?, why })
    }
}

/// Sets the status named in the body.
pub(crate) async fn set_status(call: Call<Operator, Standing>) -> Answer {
    let Call { app, who, input: Standing { status, why: Why { id, reason } }, request_id, .. } = call;
    let id = id.ok_or(ProblemCode::NotFound)?;
    let caller = who.caller(&request_id);
    let change = app.tenants.set_status(id, status, reason.as_deref(), &caller, None).await?;
    Ok(stands(&change).into_response())
}

/// Serves a customer no more.
pub(crate) async fn suspend(call: Call<Operator, Once<Why>>) -> Answer {
    brought_to(call, TenantStatus::Suspended).await
}

/// Serves a customer again.
pub(crate) async fn activate(call: Call<Operator, Once<Why>>) -> Answer {
    brought_to(call, TenantStatus::Active).await
}

async fn brought_to(call: Call<Operator, Once<Why>>, status: TenantStatus) -> Answer {
    let (call, turn) = match call.first_time().await {
        Ok(first) => first,
        Err(answer) => return answer,
    };
    let Call { app, who, input: Why { id, reason }, request_id, .. } = call;
    let caller = who.caller(&request_id);
    let make = async |call: Option<&Repeatable<'_, StatusChange>>| {
        let id = id.ok_or(ProblemCode::NotFound)?;
        Ok(app.tenants.set_status(id, status, reason.as_deref(), &caller, call).await?)
    };
    turn.take(stands, make).await
}

/// How a customer stands after a change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatusChanged)]
pub(crate) struct Stands {
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    #[schema(value_type = CustomerStatus)]
    old_status: TenantStatus,
    #[schema(value_type = CustomerStatus)]
    new_status: TenantStatus,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    status_changed_at: Timestamp,
    message: &'static str,
}

/// How a customer stands after `change`.
fn stands(change: &StatusChange) -> Reply {
    let message = match change.new {
        _ if change.old == change.new => "Nothing has changed.",
        TenantStatus::Active => "The customer is served.",
        TenantStatus::Suspended => "The customer is not served until he is activated again.",
        TenantStatus::Cancelled => "The customer is cancelled. His data is kept for 30 days.",
    };
    Reply::ok(Stands {
        customer_id: change.tenant,
        old_status: change.old,
        new_status: change.new,
        status_changed_at: change.at,
        message,
    })
}

/// A plan for a customer, and what he is granted besides.
pub(crate) struct Grant {
    id: Option<TenantId>,
    plan: String,
    overrides: Overrides,
}

impl Input for Grant {
    fn tell(shape: &mut Shape) {
        shape
            .required::<Name>("plan", "One of the configured plans.")
            .optional::<Granted>("overrides", "What it may in place of what the plan allows.");
    }

    fn read(form: &mut Form<'_>, app: &App) -> Option<Self> {
        let id = customer(form, 1);
        let plan = form.body.required("plan", |text| known_plan(text, app));
        let number = |number| u32::try_from(number).map_err(|_| Flaw::OutOfRange);
        let overrides = form.body.object("overrides", |overrides| Overrides {
            otp_requests_per_hour: overrides.number("otpRequestsPerHour", number),
            otp_requests_per_day: overrides.number("otpRequestsPerDay", number),
            otp_requests_per_month: overrides.number("otpRequestsPerMonth", number),
            max_users: overrides.number("maxUsers", number),
        });
        Some(Self { id, plan: plan?, overrides: overrides.unwrap_or_default() })
    }
}

/// A customer on a plan.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanSet)]
pub(crate) struct Planned {
    customer: Customer,
}

/// What a customer may beyond its plan, as it is told.
struct Granted;

impl PartialSchema for Granted {
    fn schema() -> RefOr<Schema> {
        let names = ["otpRequestsPerHour", "otpRequestsPerDay", "otpRequestsPerMonth", "maxUsers"];
        names.into_iter().fold(closed(), |granted, name| granted.property(name, Bound::schema())).into()
    }
}

/// Puts a customer on a plan.
pub(crate) async fn set_plan(call: Call<Operator, Grant>) -> Answer {
    let Call { app, who, input: Grant { id, plan, overrides }, request_id, .. } = call;
    let id = id.ok_or(ProblemCode::NotFound)?;
    let tenant = app.tenants.set_plan(id, &plan, overrides, &who.caller(&request_id)).await?;
    Ok(reply::ok(Planned { customer: Customer::of(tenant, &app) }))
}
