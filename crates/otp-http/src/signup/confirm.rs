//! `GET|POST /signup/confirm`: the page the mail's link leads to. It works without script, and to look at it opens
//! nothing: programs that follow links in mails do not confirm.

use axum::extract::{FromRequest, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use otp_core::locale::Locale;
use otp_core::otp::VerifyError;
use otp_core::signup::{ConfirmError, SignupProof, SignupToken};
use serde::Deserialize;

use super::page::{self, Trouble};
use crate::app::App;
use crate::call::{Anybody, accepted_locale, read_body};
use crate::contract::Operation;
use crate::edge::RequestId;
use crate::html;
use crate::problem::ProblemCode;
use crate::problem::{self, RETRY_DOWN};

/// Longest body of the form, in octets.
const MAX_FORM: usize = 16 * 1024;

/// What the link and the form carry. Mail programs and their filters add parameters of their own to links, so others
/// are passed over.
#[derive(Deserialize)]
struct Confirmation {
    token: String,
}

/// How the page is told of.
pub(crate) const SHOW: Operation = Operation::page(
    "showSignup",
    "The page behind the link in the mail",
    "For people. Shows a button and opens nothing, so that programs that follow links in mails do not.",
)
.or(409, "The address has an account by now.", html::MEDIA)
.or(410, "The link is none of this service, too old, or was used.", html::MEDIA)
.or(503, "Not now.", html::MEDIA)
.or(403, "Nobody may sign up.", html::MEDIA);

/// How its button is told of.
pub(crate) const CONFIRM: Operation = Operation::page(
    "confirmSignup",
    "The button of that page",
    "For people. Opens the account and shows its keys, once.",
)
.or(403, "Nobody may sign up.", html::MEDIA)
.or(409, "The address has an account by now.", html::MEDIA)
.or(410, "The link is none of this service, too old, or was used.", html::MEDIA)
.or(503, "Not now.", html::MEDIA)
.refusing(&[ProblemCode::InvalidJson, ProblemCode::PayloadTooLarge, ProblemCode::RequestTimeout]);

/// Shows whose account is to be opened, and a button.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    let locale = accepted_locale(request.headers()).unwrap_or_default();
    let Ok(Query(Confirmation { token })) = Query::try_from_uri(request.uri()) else {
        return trouble(Trouble::Dead, locale);
    };
    let Ok(parsed) = token.parse::<SignupToken>() else { return trouble(Trouble::Dead, locale) };
    match app.signup.pending(&parsed).await {
        Ok(pending) => html::page(StatusCode::OK, page::button(locale, &pending, &token)),
        Err(error) => trouble(Trouble::from(error), locale),
    }
}

/// Opens the account and shows its keys.
pub(crate) async fn confirm(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let locale = accepted_locale(&parts.headers).unwrap_or_default();
    let caller = Anybody::of(&parts).caller(&RequestId::of(&parts));
    let body = match read_body(&parts.headers, body, MAX_FORM).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let form = axum::Form::<Confirmation>::from_request(Request::from_parts(parts, body.into()), &()).await;
    let Ok(axum::Form(Confirmation { token })) = form else { return trouble(Trouble::Dead, locale) };
    let Ok(token) = token.parse() else { return trouble(Trouble::Dead, locale) };
    match super::opened(&app, &SignupProof::Token(token), &caller).await {
        Ok(account) => html::page(StatusCode::OK, page::keys(locale, &account)),
        Err(error) => trouble(Trouble::from(error), locale),
    }
}

impl From<ConfirmError> for Trouble {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Closed => Self::Closed,
            ConfirmError::EmailTaken => Self::Taken,
            ConfirmError::Verify(
                VerifyError::InvalidFormat { .. }
                | VerifyError::Invalid { .. }
                | VerifyError::Exhausted
                | VerifyError::Expired
                | VerifyError::UserLimitReached,
            ) => Self::Dead,
            ConfirmError::InFlight | ConfirmError::Verify(VerifyError::RateLimited(_)) => Self::Down,
            ConfirmError::Verify(VerifyError::Fault(fault)) => {
                problem::log(&fault);
                Self::Down
            }
        }
    }
}

fn trouble(trouble: Trouble, locale: Locale) -> Response {
    let status = match trouble {
        Trouble::Dead => StatusCode::GONE,
        Trouble::Taken => StatusCode::CONFLICT,
        Trouble::Closed => StatusCode::FORBIDDEN,
        Trouble::Down => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = html::page(status, page::trouble(locale, trouble));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, RETRY_DOWN.into());
    }
    response
}
