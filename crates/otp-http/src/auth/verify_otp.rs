//! `POST /auth/verify-otp`

use otp_core::challenge::Purpose;
use otp_core::code::{Code, InvalidCode};
use otp_core::email::EmailAddress;
use otp_core::id::ChallengeId;
use otp_core::otp::{Proof, Verification, VerifyError};
use serde::Serialize;
use utoipa::ToSchema;

use super::context::{self, Context, challenge_id};
use super::tokens::{Handed, TokenMembers};
use crate::app::App;
use crate::call::{AppCall, Call, Form, Input};
use crate::contract::{ChallengeText, Email, Header, Operation, PurposeName, Shape, TypedCode};
use crate::problem::Flaw;
use crate::problem::ProblemCode;
use crate::reply::Answer;

pub(crate) struct VerifyOtp {
    /// Not an error of the body, but told with a code of its own once all else is right.
    code: Result<Code, InvalidCode>,
    proof: Proof,
    context: Option<Context>,
}

impl Input for VerifyOtp {
    fn tell(shape: &mut Shape) {
        shape
            .required::<TypedCode>("otp", "The code, as it was typed.")
            .optional::<Email>("email", "Whom it was sent to; may be left out beside `challengeId`.")
            .optional::<ChallengeText>("challengeId", "Which code it is; may be left out beside `email`.")
            .optional::<PurposeName>("purpose", "What it was asked for. Default `sign-in`.")
            .optional::<Context>("context", "The end user behind your server; with a secret key only.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        let body = &mut form.body;
        let code = body.required("otp", |text| Ok(Code::parse(text)));
        let by_address = body.has("email");
        let by_id = body.has("challengeId");
        if !by_address && !by_id {
            body.note("email", Flaw::Required);
        }
        let email = body.optional("email", |text| EmailAddress::parse(text).map_err(|_| Flaw::InvalidEmail));
        let id = challenge_id(body);
        let purpose = body.optional("purpose", |text| text.parse().map_err(|_| Flaw::InvalidPurpose));
        let context = Context::read(body);
        Some(Self { code: code?, proof: proof(id, email, purpose)?, context })
    }
}

fn proof(id: Option<String>, email: Option<EmailAddress>, purpose: Option<Purpose>) -> Option<Proof> {
    match (id, email) {
        // What is no id takes the way of an id nobody has, to the same answer in the same time.
        (Some(id), email) => {
            Some(Proof::Challenge { id: id.parse().unwrap_or(ChallengeId::from_u128(0)), email, purpose })
        }
        (None, Some(email)) => Some(Proof::Address { email, purpose: purpose.unwrap_or_default() }),
        (None, None) => None,
    }
}

/// Somebody has signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: TokenMembers,
    /// Whether he has never signed in before.
    is_new_user: bool,
}

/// How the route is told of.
pub(crate) const VERIFY_OTP: Operation = Operation::new::<SignedIn>(
    "verifyOtp",
    "Sign in by a code",
    "A right code wins exactly once, and every wrong one spends an attempt. With a `challengeId` the code is tested against \
     that challenge alone, with five attempts of its own; by `email` against the newest three of that address and purpose. \
     Who asked for another purpose than `sign-in` checks that the answer has it.",
)
.with(&[Header::SetCookie])
.refusing(&[
    ProblemCode::InvalidOtpFormat,
    ProblemCode::OtpInvalid,
    ProblemCode::OtpExpired,
    ProblemCode::OtpAttemptsExceeded,
    ProblemCode::UserLimitReached,
    ProblemCode::RateLimited,
]);

pub(crate) async fn verify_otp(call: Call<AppCall, VerifyOtp>) -> Answer {
    let Call { app, who: AppCall(who), input, request_id, .. } = call;
    let caller = context::caller(input.context, &who, &request_id)?;
    let verification = Verification { code: input.code.map_err(VerifyError::from)?, proof: input.proof };
    let verified = app.otp.check(who.world(), verification, &caller).await?;
    let tokens = app.sessions.issue(who.world(), &verified)?;
    let handed = Handed::over(&app, tokens, who.handover())?;
    Ok(handed.answer(|tokens| SignedIn { tokens, is_new_user: verified.is_new_user() }))
}
