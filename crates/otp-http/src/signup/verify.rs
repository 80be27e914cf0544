//! `POST /signup/verify`

use otp_core::code::{Code, InvalidCode};
use otp_core::email::EmailAddress;
use otp_core::id::{KeyId, TenantId};
use otp_core::otp::VerifyError;
use otp_core::signup::{InvalidSignupToken, OpenedAccount, SignupProof, SignupToken};
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::Customer;
use crate::app::App;
use crate::call::{Anybody, Call, Form, Input};
use crate::contract::{self, AnyText, Email, Header, Operation, Shape, TypedCode};
use crate::problem::ProblemCode;
use crate::problem::{Flaw, Problem};
use crate::reply::{self, Answer};

/// What is presented. That a code or token is malformed is told once all else is right.
pub(crate) enum Proof {
    Code { email: EmailAddress, code: Result<Code, InvalidCode> },
    Token(Result<SignupToken, InvalidSignupToken>),
}

impl Input for Proof {
    fn tell(shape: &mut Shape) {
        shape
            .optional::<Email>("email", "Who asked for the account.")
            .optional::<TypedCode>("code", "The code mailed to him.")
            .optional::<AnyText>("token", "The token of the link, in their place.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let body = &mut form.body;
        if body.has("token") {
            if body.has("email") || body.has("code") {
                body.note_whole(Flaw::CodeOrToken);
            }
            body.optional("email", |_| Ok(()));
            body.optional("code", |_| Ok(()));
            return body.required("token", |text| Ok(text.parse())).map(Self::Token);
        }
        let email = body.required("email", |text| EmailAddress::parse(text).map_err(|_| Flaw::InvalidEmail));
        let code = body.required("code", |text| Ok(Code::parse(text)));
        Some(Self::Code { email: email?, code: code? })
    }
}

impl TryFrom<Proof> for SignupProof {
    type Error = Problem;

    fn try_from(proof: Proof) -> Result<Self, Problem> {
        match proof {
            Proof::Code { email, code } => Ok(Self::Code { email, code: code.map_err(VerifyError::from)? }),
            // What is no token of ours is none that is alive.
            Proof::Token(token) => Ok(Self::Token(token.map_err(|_| VerifyError::Expired)?)),
        }
    }
}

/// A new account and its keys.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccountOpened)]
pub(crate) struct Opened {
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    /// The secret key; it is not shown again.
    api_key: String,
    #[schema(value_type = contract::KeyId)]
    key_id: KeyId,
    /// The publishable key; it is not shown again.
    publishable_key: String,
    message: &'static str,
    customer: Customer,
}

/// How the route is told of.
pub(crate) const VERIFY_SIGNUP: Operation = Operation::new::<Opened>(
    "verifySignup",
    "Open an account",
    "By `email` and `code`, or by the `token` of the link alone. Shows the account's keys, once.",
)
.creating()
.with(&[Header::Replayed])
.refusing(&[
    ProblemCode::InvalidOtpFormat,
    ProblemCode::OtpInvalid,
    ProblemCode::OtpExpired,
    ProblemCode::OtpAttemptsExceeded,
    ProblemCode::SignupClosed,
    ProblemCode::EmailTaken,
]);

/// Opens the account and shows its keys; once, but for a repeated call.
pub(crate) async fn verify(call: Call<Anybody, Proof>) -> Answer {
    let Call { app, who, input, request_id, .. } = call;
    let account = super::opened(&app, &input.try_into()?, &who.caller(&request_id)).await?;
    let OpenedAccount { tenant, secret, publishable, replayed } = account;
    let mut response = reply::created(Opened {
        customer_id: tenant.id,
        api_key: secret.key.expose().to_owned(),
        key_id: secret.record.id,
        publishable_key: publishable.key.expose().to_owned(),
        message: "Keep the keys now: they are not shown again.",
        customer: Customer::of(tenant, &app),
    });
    if replayed {
        reply::mark_replayed(&mut response);
    }
    Ok(response)
}
