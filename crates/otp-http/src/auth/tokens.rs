//! Tokens as they are handed over: in the answer, or in a cookie beside it.

use axum::response::Response;
use http::HeaderValue;
use http::header::SET_COOKIE;
use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::sessions::Tokens;
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::cookie::Handover;
use crate::problem::Problem;
use crate::reply::{self, rfc_3339};

/// Tokens on their way to who asked for them.
pub(super) struct Handed {
    /// What the answer says.
    members: TokenMembers,
    cookie: Option<HeaderValue>,
}

impl Handed {
    /// `tokens`, handed over as `how` says.
    ///
    /// # Errors
    /// When what belongs beside a cookie cannot be had. The session stays open.
    pub(super) fn over(app: &App, tokens: Tokens, how: Handover) -> Result<Self, Problem> {
        let (access, refresh) = (tokens.access.clone(), tokens.refresh.clone());
        let lives = tokens.issued_at.until(tokens.refresh_expires_at);
        let mut members = TokenMembers::without_tokens(tokens);
        let cookie = match how {
            Handover::InBody => {
                members.token = Some(access);
                members.refresh_token = Some(refresh.expose());
                None
            }
            Handover::InCookie(same_site) => {
                members.csrf_token = Some(app.sessions.csrf_token(&refresh)?.expose().to_owned());
                Some(app.cookies.keep(&refresh, same_site, lives)?)
            }
        };
        Ok(Self { members, cookie })
    }

    /// The answer that `shape` makes of the members.
    pub(super) fn answer<T: Serialize>(self, shape: impl FnOnce(TokenMembers) -> T) -> Response {
        let mut response = reply::ok(shape(self.members));
        response.headers_mut().extend(self.cookie.map(|cookie| (SET_COOKIE, cookie)));
        response
    }
}

/// The token members of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    token_type: &'static str,
    expires_in: u64,
    #[serde(serialize_with = "rfc_3339")]
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(serialize_with = "rfc_3339")]
    refresh_expires_at: Timestamp,
    user_id: UserId,
    email: String,
    customer_id: TenantId,
    session_id: SessionId,
    purpose: Purpose,
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

impl TokenMembers {
    /// What may be said of `tokens` however they are handed over.
    fn without_tokens(tokens: Tokens) -> Self {
        let session = tokens.live.session;
        Self {
            token: None,
            token_type: "Bearer",
            expires_in: tokens.issued_at.until(tokens.access_expires_at).as_secs(),
            expires_at: tokens.access_expires_at,
            refresh_token: None,
            refresh_expires_at: tokens.refresh_expires_at,
            user_id: tokens.live.user.id,
            email: tokens.email.canonical().to_owned(),
            customer_id: session.realm.tenant,
            session_id: session.id,
            purpose: session.purpose,
            csrf_token: None,
        }
    }
}
