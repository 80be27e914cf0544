//! `/admin/onboarding…`: how far a customer has come with setting up its account.

use otp_core::challenge::Purpose;
use otp_core::email::EmailAddress;
use otp_core::id::TenantId;
use otp_core::onboarding::{Progress, Steps};
use otp_core::otp::{CodeRequest, IdempotencyKey};
use otp_core::tenant::Tenant;
use serde::Serialize;

use crate::app::App;
use crate::auth;
use crate::call::{Call, Form, Input, Nothing, TenantCall, accepted_locale};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer};

/// The path codes for trying are asked for at.
const TEST_OTP: &str = "/admin/onboarding/test-otp";

#[derive(Serialize)]
struct Told {
    onboarding: View,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    customer_id: TenantId,
    completed: bool,
    dismissed: bool,
    steps: Steps,
}

async fn told(app: &App, tenant: &Tenant) -> Answer {
    let Progress { steps, completed, dismissed } = app.onboarding.progress(tenant).await?;
    Ok(reply::ok(Told { onboarding: View { customer_id: tenant.id, completed, dismissed, steps } }))
}

/// How far the caller has come.
pub(crate) async fn get(call: Call<TenantCall, Nothing>) -> Answer {
    told(&call.app, &call.who.0.tenant).await
}

/// Whether the caller wants to hear no more of it.
pub(crate) struct Dismissed(bool);

impl Input for Dismissed {
    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        if !form.body.has("dismissed") {
            form.body.note("dismissed", Flaw::Required);
        }
        form.body.flag("dismissed").map(Self)
    }
}

/// Notes it.
pub(crate) async fn put(call: Call<TenantCall, Dismissed>) -> Answer {
    let Call { app, who: TenantCall(who), input: Dismissed(dismissed), .. } = call;
    let tenant = app.tenants.dismiss_onboarding(who.tenant.id, dismissed).await?;
    told(&app, &tenant).await
}

/// To whom a code shall go.
pub(crate) struct TestOtp {
    email: Option<EmailAddress>,
    locale: Option<otp_core::locale::Locale>,
    idempotency_key: Option<String>,
}

impl Input for TestOtp {
    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let email = form.body.optional("email", |text| EmailAddress::parse(text).map_err(|_| Flaw::InvalidEmail));
        let idempotency_key = form.idempotency_key();
        Some(Self { email, locale: accepted_locale(form.headers), idempotency_key })
    }
}

/// Asks for a code for the account's owner, as his own users ask for theirs: it is drawn, mailed and verified like any.
pub(crate) async fn test_otp(call: Call<TenantCall, TestOtp>) -> Answer {
    let Call { app, who: TenantCall(who), input, request_id, body } = call;
    let owner = who.tenant.owner.clone().ok_or(ProblemCode::RecipientNotAllowed)?;
    if input.email.is_some_and(|email| email.canonical() != owner.canonical()) {
        return Err(ProblemCode::RecipientNotAllowed.into());
    }
    let key = |key: String| IdempotencyKey::new(&who.key.id.to_string(), "POST", TEST_OTP, &key, &body);
    let request = CodeRequest {
        email: owner,
        purpose: Purpose::default(),
        locale: input.locale.or(who.tenant.settings().locale).unwrap_or_default(),
        resend: None,
        idempotency: input.idempotency_key.map(key),
    };
    let issued = app.otp.request(who.world(), request, &who.caller(&request_id)).await?;
    Ok(auth::issued_answer(&issued, app.deployment.now()))
}
