//! `POST /auth/request-otp`

use axum::response::Response;
use otp_core::challenge::{Purpose, RESEND_AFTER};
use otp_core::email::EmailAddress;
use otp_core::id::ChallengeId;
use otp_core::locale::Locale;
use otp_core::otp::{CodeRequest, IdempotencyKey, Issued};
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::context::{self, Context, challenge_id};
use crate::app::App;
use crate::call::{AppCall, Call, Form, Input, accepted_locale};
use crate::contract::{self, ChallengeText, Email, Header, LanguageTag, Operation, PurposeName, Shape};
use crate::limits;
use crate::problem::Flaw;
use crate::problem::ProblemCode;
use crate::reply::{self, Answer, rfc_3339};

pub(crate) struct RequestOtp {
    email: EmailAddress,
    purpose: Purpose,
    locale: Option<Locale>,
    resend: Option<ChallengeId>,
    context: Option<Context>,
    idempotency_key: Option<String>,
}

impl Input for RequestOtp {
    fn tell(shape: &mut Shape) {
        shape
            .required::<Email>("email", "Whom to send the code to.")
            .optional::<PurposeName>(
                "purpose",
                "What the code is for: codes of one purpose are none of another. Default `sign-in`.",
            )
            .optional::<LanguageTag>(
                "locale",
                "The language of the mail; else `Accept-Language`, else the customer's, else English.",
            )
            .optional::<ChallengeText>("challengeId", "Send the code of this challenge again, if it is live.")
            .optional::<Context>("context", "The end user behind your server; with a secret key only.")
            .repeatable(&[ProblemCode::IdempotencyMismatch]);
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let body = &mut form.body;
        let email = body.required("email", |text| EmailAddress::parse(text).map_err(|_| Flaw::InvalidEmail));
        let purpose = body.optional("purpose", |text| text.parse().map_err(|_| Flaw::InvalidPurpose));
        let asked = body.optional("locale", locale).flatten();
        // Any challenge but a live one is ignored, so one that cannot exist is, too.
        let resend = challenge_id(body).and_then(|text| text.parse().ok());
        let context = Context::read(body);
        let idempotency_key = form.idempotency_key();
        Some(Self {
            email: email?,
            purpose: purpose.unwrap_or_default(),
            locale: asked.or_else(|| accepted_locale(form.headers)),
            resend,
            context,
            idempotency_key,
        })
    }
}

/// The language of a well-formed tag (RFC 5646, roughly), if it is one of ours.
fn locale(tag: &str) -> Result<Option<Locale>, Flaw> {
    let mut subtags = tag.split(['-', '_']);
    let primary = subtags.next().unwrap_or_default();
    let is_tag = tag.len() <= 35
        && (2..=8).contains(&primary.len())
        && primary.bytes().all(|octet| octet.is_ascii_alphabetic())
        && subtags
            .all(|subtag| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|octet| octet.is_ascii_alphanumeric()));
    if is_tag { Ok(Locale::from_tag(tag)) } else { Err(Flaw::InvalidLocale) }
}

/// A code on its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CodeRequested)]
pub(crate) struct Queued {
    message: &'static str,
    #[schema(value_type = contract::ChallengeId)]
    challenge_id: ChallengeId,
    /// Seconds until the code is dead.
    expires_in: u64,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    expires_at: Timestamp,
    /// Seconds until it may be sent again.
    resend_after: u64,
    /// How many more codes this address may ask for this hour; null without a bound.
    #[schema(required)]
    remaining: Option<u32>,
}

/// How the route is told of.
pub(crate) const REQUEST_OTP: Operation = Operation::new::<Queued>(
    "requestOtp",
    "Ask for a code",
    "Queues a mail with a code and answers before it is sent: a provider's failure is never this call's failure, and every \
     address is answered alike. With a live `challengeId` of the same address and purpose the same code is sent again.",
)
.with(&[Header::Rates, Header::Quotas, Header::Replayed])
.refusing(&[
    ProblemCode::EmailBlocked,
    ProblemCode::RateLimited,
    ProblemCode::QuotaExceeded,
]);

pub(crate) async fn request_otp(call: Call<AppCall, RequestOtp>) -> Answer {
    let Call { app, who: AppCall(who), input, request_id, body } = call;
    let caller = context::caller(input.context, &who, &request_id)?;
    let idempotency = input
        .idempotency_key
        .map(|key| IdempotencyKey::new(&who.key.id.to_string(), "POST", "/auth/request-otp", &key, &body));
    let request = CodeRequest {
        email: input.email,
        purpose: input.purpose,
        locale: input.locale.or(who.tenant.settings().locale).unwrap_or_default(),
        resend: input.resend,
        idempotency,
    };
    let issued = app.otp.request(who.world(), request, &caller).await?;
    Ok(issued_answer(&issued, app.deployment.now()))
}

/// Body as of when the code was asked for, so that a repeated call gets the very same; headers as of now.
pub(crate) fn issued_answer(issued: &Issued, now: Timestamp) -> Response {
    let mut response = reply::ok(Queued {
        message: "If the address can get mail, a code is on its way.",
        challenge_id: issued.id,
        expires_in: issued.issued_at.until(issued.expires_at).as_secs(),
        expires_at: issued.expires_at,
        resend_after: RESEND_AFTER.as_secs(),
        remaining: issued.remaining,
    });
    response.headers_mut().extend(limits::headers(&issued.usage, now));
    if issued.replayed {
        reply::mark_replayed(&mut response);
    }
    response
}
