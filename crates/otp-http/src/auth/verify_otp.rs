//! `POST /auth/verify-otp`

use otp_core::challenge::Purpose;
use otp_core::code::{Code, InvalidCode};
use otp_core::email::EmailAddress;
use otp_core::id::ChallengeId;
use otp_core::otp::{Proof, Verification, VerifyError};
use serde::Serialize;

use super::context::{self, Context, challenge_id};
use super::tokens::{Handed, TokenMembers};
use crate::app::App;
use crate::call::{AppCall, Call, Form, Input};
use crate::problem::Flaw;
use crate::reply::Answer;

pub(crate) struct VerifyOtp {
    /// Not an error of the body, but told with a code of its own once all else is right.
    code: Result<Code, InvalidCode>,
    proof: Proof,
    context: Option<Context>,
}

impl Input for VerifyOtp {
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

pub(crate) async fn verify_otp(call: Call<AppCall, VerifyOtp>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct SignedIn {
        #[serde(flatten)]
        tokens: TokenMembers,
        is_new_user: bool,
    }
    let Call { app, who: AppCall(who), input, request_id, .. } = call;
    let caller = context::caller(input.context, &who, &request_id)?;
    let verification = Verification { code: input.code.map_err(VerifyError::from)?, proof: input.proof };
    let verified = app.otp.check(who.world(), verification, &caller).await?;
    let tokens = app.sessions.issue(who.world(), &verified)?;
    let handed = Handed::over(&app, tokens, who.handover())?;
    Ok(handed.answer(|tokens| SignedIn { tokens, is_new_user: verified.is_new_user() }))
}
