//! `POST /signup`

use otp_core::email::EmailAddress;
use otp_core::otp::IdempotencyKey;
use otp_core::signup::{SignupRequest, SignupRequested};
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::plain_name;
use crate::app::App;
use crate::call::{Anybody, Call, Form, Input, accepted_locale};
use crate::contract::{self, Email, Header, Name, Operation, Shape};
use crate::limits;
use crate::problem::Flaw;
use crate::problem::ProblemCode;
use crate::reply::{self, Answer, rfc_3339};

pub(crate) struct Wanted {
    email: EmailAddress,
    company_name: String,
    locale: Option<otp_core::locale::Locale>,
    idempotency_key: Option<String>,
}

impl Input for Wanted {
    fn tell(shape: &mut Shape) {
        shape
            .required::<Email>("email", "Who owns the account.")
            .required::<Name>("companyName", "What the account is called.")
            .repeatable(&[ProblemCode::IdempotencyMismatch]);
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let email = form.body.required("email", |text| EmailAddress::parse(text).map_err(|_| Flaw::InvalidEmail));
        let company_name = form.body.required("companyName", plain_name);
        let idempotency_key = form.idempotency_key();
        Some(Self {
            email: email?,
            company_name: company_name?,
            locale: accepted_locale(form.headers),
            idempotency_key,
        })
    }
}

/// A mail on its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignupRequested)]
pub(crate) struct Queued {
    message: &'static str,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    expires_at: Timestamp,
}

/// How the route is told of.
pub(crate) const SIGN_UP: Operation = Operation::new::<Queued>(
    "signUp",
    "Ask for an account",
    "Mails a code and a link, either of which opens the account. An address that has one is answered alike, and gets a mail \
     that says so.",
)
.with(&[Header::Rates, Header::Replayed])
.refusing(&[ProblemCode::SignupClosed, ProblemCode::RateLimited]);

/// Queues a mail. The answer is the same whether or not the address has an account.
pub(crate) async fn request(call: Call<Anybody, Wanted>) -> Answer {
    let Call { app, who, input, request_id, body } = call;
    // Who calls is known by nothing but the address he gives: keys that strangers have chosen alike stay apart.
    let credential = input.email.canonical().to_owned();
    let once = |key: String| IdempotencyKey::new(&credential, "POST", "/signup", &key, &body);
    let wanted = SignupRequest {
        email: input.email,
        company_name: input.company_name,
        locale: input.locale.unwrap_or_default(),
        idempotency: input.idempotency_key.map(once),
    };
    let requested = app.signup.request(wanted, &who.caller(&request_id)).await?;
    let SignupRequested { expires_at, usage, replayed } = requested;
    let mut response = reply::ok(Queued { message: "Look into your mail to go on.", expires_at });
    response.headers_mut().extend(limits::headers(&usage, app.deployment.now()));
    if replayed {
        reply::mark_replayed(&mut response);
    }
    Ok(response)
}
