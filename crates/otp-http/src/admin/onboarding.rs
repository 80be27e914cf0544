//! `/admin/onboarding…`: how far a customer has come with setting up its account.

use otp_core::challenge::Purpose;
use otp_core::email::EmailAddress;
use otp_core::id::TenantId;
use otp_core::onboarding::{Progress, Steps};
use otp_core::otp::{CodeRequest, IdempotencyKey};
use otp_core::tenant::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth;
use crate::call::{Call, Form, Input, Nothing, TenantCall, accepted_locale};
use crate::contract::{self, Email, Header, Operation, Shape};
use crate::problem::{Flaw, ProblemCode};
use crate::reply::{self, Answer};

/// The path codes for trying are asked for at.
const TEST_OTP: &str = "/admin/onboarding/test-otp";

/// How far an account is set up.
#[derive(Serialize, ToSchema)]
#[schema(as = OnboardingTold)]
pub(crate) struct Told {
    onboarding: View,
}

/// How far an account is set up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Onboarding)]
struct View {
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    /// Whether all is done that the plan allows.
    completed: bool,
    /// Whether nobody wants to hear of it any more.
    dismissed: bool,
    #[schema(value_type = OnboardingSteps)]
    steps: Steps,
}

/// Whether each step is done.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "told of, never made: the steps are the domain's `Steps`")]
struct OnboardingSteps {
    account_created: bool,
    email_verified: bool,
    api_key_generated: bool,
    first_test_completed: bool,
    webhook_configured: bool,
    email_template_configured: bool,
}

/// How the route is told of.
pub(crate) const GET: Operation =
    Operation::new::<Told>("getOnboarding", "How far the account is set up", "Each step follows from what is there.");

/// How the route is told of.
pub(crate) const PUT: Operation =
    Operation::new::<Told>("setOnboarding", "Hear no more of it", "Or again. The steps stay as they are.");

/// How the route is told of.
pub(crate) const TEST: Operation = Operation::new::<auth::Queued>(
    "sendTestOtp",
    "Mail the account's owner a code to try with",
    "A code like any of his users': drawn, mailed and verified alike.",
)
.with(&[Header::Rates, Header::Quotas, Header::Replayed])
.refusing(&[
    ProblemCode::RecipientNotAllowed,
    ProblemCode::EmailBlocked,
    ProblemCode::RateLimited,
    ProblemCode::QuotaExceeded,
]);

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
    fn tell(shape: &mut Shape) {
        shape.required::<bool>("dismissed", "Whether to hear no more of it.");
    }

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
    fn tell(shape: &mut Shape) {
        shape
            .optional::<Email>("email", "The owner's own address, which it is anyhow.")
            .repeatable(&[ProblemCode::IdempotencyMismatch]);
    }

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
