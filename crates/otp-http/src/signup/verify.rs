//! `POST /signup/verify`

use otp_core::code::{Code, InvalidCode};
use otp_core::email::EmailAddress;
use otp_core::id::{KeyId, TenantId};
use otp_core::otp::VerifyError;
use otp_core::signup::{InvalidSignupToken, OpenedAccount, SignupProof, SignupToken};
use serde::Serialize;

use crate::admin::Customer;
use crate::app::App;
use crate::call::{Anybody, Call, Form, Input};
use crate::problem::{Flaw, Problem};
use crate::reply::{self, Answer};

/// What is presented. That a code or token is malformed is told once all else is right.
pub(crate) enum Proof {
    Code { email: EmailAddress, code: Result<Code, InvalidCode> },
    Token(Result<SignupToken, InvalidSignupToken>),
}

impl Input for Proof {
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

/// Opens the account and shows its keys; once, but for a repeated call.
pub(crate) async fn verify(call: Call<Anybody, Proof>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Opened {
        customer_id: TenantId,
        api_key: String,
        key_id: KeyId,
        publishable_key: String,
        message: &'static str,
        customer: Customer,
    }
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
