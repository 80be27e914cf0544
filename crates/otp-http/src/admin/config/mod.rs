//! What a customer has set: `GET` and `PUT /admin/config`, `PUT /admin/config/email`, `/admin/config/versions`

mod settable;
mod versions;
mod view;

pub(crate) use versions::{LIST, ONE, RESTORE, list, one, restore};

use axum::response::IntoResponse;
use otp_core::calls::Repeatable;
use otp_core::port::Age;
use otp_core::tenant::Tenant;
use otp_core::tenants::{ConfigChange, Configure};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use view::{ConfigView, EmailView};

use super::Features;
use crate::app::App;
use crate::call::{Call, Form, IfMatch, Input, KeyCall, Nothing, TenantCall};
use crate::contract::{EntityTag, Header, Operation, Shape};
use crate::edge::RequestId;
use crate::problem::{Flaw, Problem, ProblemCode};
use crate::reply::{Answer, Reply};

/// Longest body of a configuration, in octets: templates are long.
const MAX_BODY: usize = 256 * 1024;

/// What a customer has set, and what it may.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CurrentConfig)]
pub(crate) struct Current<'t> {
    config: ConfigView<'t>,
    config_version: u64,
    plan: &'t str,
    features: Features,
}

/// What a customer has set now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigChanged)]
pub(crate) struct Changed<'t> {
    config: ConfigView<'t>,
    config_version: u64,
    message: &'static str,
}

/// How its mails look and go out now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EmailConfigChanged)]
pub(crate) struct EmailChanged<'t> {
    email_config: EmailView<'t>,
    config_version: u64,
    message: &'static str,
}

/// How a change may be refused.
const REFUSALS: &[ProblemCode] =
    &[ProblemCode::LocksYouOut, ProblemCode::FeatureNotInPlan, ProblemCode::VersionConflict];

/// How the route is told of.
pub(crate) const GET: Operation = Operation::new::<Current<'static>>(
    "getConfig",
    "What the account has set",
    "Defaults included. What is secret is never in it: `secretSet` says whether there is any.",
)
.with(&[Header::ETag]);

/// How the route is told of.
pub(crate) const PUT: Operation = Operation::new::<Changed<'static>>(
    "updateConfig",
    "Change what the account has set",
    "A merge patch (RFC 7396): members not sent stay, `null` brings the default back, lists are replaced. A change that \
     changes nothing makes no version. Every fault is told at once.",
)
.with(&[Header::ETag])
.refusing(REFUSALS);

/// How the route is told of.
pub(crate) const PUT_EMAIL: Operation = Operation::new::<EmailChanged<'static>>(
    "updateEmailConfig",
    "Change how the account's mails look and go out",
    "The members of `emailConfig`, by the same rules.",
)
.with(&[Header::ETag])
.refusing(REFUSALS);

/// What the caller has set, and what he may.
pub(crate) async fn get(call: Call<TenantCall, Nothing>) -> Answer {
    let Call { app, who: TenantCall(who), .. } = call;
    // Who has just changed it on another node reads what he has written.
    let tenant = app.tenants.get(who.tenant.id, Age::Fresh).await?.ok_or(ProblemCode::NotFound)?;
    let plan = app.deployment.plan_of(&tenant)?;
    let current = Current {
        config: ConfigView::of(tenant.settings(), &plan),
        config_version: tenant.config.number,
        plan: &tenant.plan,
        features: Features::of(Some(&plan)),
    };
    Ok(tagged(Reply::ok(current), &tenant).into_response())
}

/// `response` with the version of `tenant`'s configuration as its entity tag.
fn tagged(reply: Reply, tenant: &Tenant) -> Reply {
    reply.tagged(format!("\"{}\"", tenant.config.number))
}

/// A merge patch, and the version it was made for.
pub(crate) struct Patch {
    patch: Value,
    expected: Option<u64>,
}

/// Tells of [`expected`].
fn conditional(shape: &mut Shape) {
    shape.header::<EntityTag>("If-Match", "The version the change was made for: it is made to no other.");
}

/// The version a change was made for, if only that may be changed.
fn expected(form: &mut Form<'_>) -> Option<u64> {
    match form.if_match()? {
        IfMatch::Any => None,
        IfMatch::Version(number) => Some(number),
    }
}

impl Input for Patch {
    const MAX_BODY: usize = MAX_BODY;

    fn tell(shape: &mut Shape) {
        shape.required::<settable::Config>("config", "What to change.");
        conditional(shape);
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let expected = expected(form);
        if !form.body.has("config") {
            form.body.note("config", Flaw::Required);
        }
        Some(Self { patch: form.body.value("config")?, expected })
    }
}

/// Changes what the patch names.
pub(crate) async fn put(call: Call<TenantCall, Patch>) -> Answer {
    let Call { app, who: TenantCall(who), input: Patch { patch, expected }, request_id, .. } = call;
    let tenant = change(&app, &who, ConfigChange::Patch(patch), expected, &request_id, ("/config", ""), None).await?;
    Ok(changed(&app, &tenant).into_response())
}

/// The members of `emailConfig`, by themselves.
pub(crate) struct EmailPatch(Patch);

impl Input for EmailPatch {
    const MAX_BODY: usize = MAX_BODY;

    fn tell(shape: &mut Shape) {
        shape.body_of(settable::email());
        conditional(shape);
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let expected = expected(form);
        Some(Self(Patch { patch: form.body.everything()?, expected }))
    }
}

/// Changes how the caller's mails look and go out.
pub(crate) async fn put_email(call: Call<TenantCall, EmailPatch>) -> Answer {
    let Call { app, who: TenantCall(who), input: EmailPatch(Patch { patch, expected }), request_id, .. } = call;
    let within = ("", "/emailConfig");
    let tenant = change(&app, &who, ConfigChange::EmailPatch(patch), expected, &request_id, within, None).await?;
    let changed = EmailChanged {
        email_config: EmailView::of(&tenant.settings().email_config),
        config_version: tenant.config.number,
        message: "Saved.",
    };
    Ok(tagged(Reply::ok(changed), &tenant).into_response())
}

/// Makes a change; `at` is where the configuration is in the body, and with what its own pointers begin that are not.
async fn change(
    app: &App,
    who: &KeyCall,
    change: ConfigChange,
    expected: Option<u64>,
    request_id: &RequestId,
    (at, strip): (&str, &str),
    call: Option<&Repeatable<'_, Tenant>>,
) -> Result<Tenant, Problem> {
    let configure = Configure { change, expected, peer: who.peer() };
    let changed = app.tenants.configure(who.tenant.id, configure, &who.caller(request_id), call).await;
    changed.map_err(|error| Problem::of_configure(error, at, strip))
}

/// What is set now.
fn changed(app: &App, tenant: &Tenant) -> Reply {
    // It is there: what was just set was checked against it.
    let plan = app.deployment.plan_of(tenant).unwrap_or_default();
    let changed = Changed {
        config: ConfigView::of(tenant.settings(), &plan),
        config_version: tenant.config.number,
        message: "Saved.",
    };
    tagged(Reply::ok(changed), tenant)
}
