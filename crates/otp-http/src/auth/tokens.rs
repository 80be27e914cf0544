//! Tokens as they are handed over: in the answer, or in a cookie beside it.

use axum::response::Response;
use http::HeaderValue;
use http::header::SET_COOKIE;
use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::sessions::Tokens;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::contract;
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

/// The tokens of a session, and whose it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tokens)]
pub(crate) struct TokenMembers {
    /// The user's token; not where a cookie keeps the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
    token_type: &'static str,
    /// Seconds until the token ends.
    expires_in: u64,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    expires_at: Timestamp,
    /// For the next token; not where a cookie keeps the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    refresh_expires_at: Timestamp,
    #[schema(value_type = contract::UserId)]
    user_id: UserId,
    /// The address, in its one spelling.
    email: String,
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    #[schema(value_type = contract::SessionId)]
    session_id: SessionId,
    #[schema(value_type = contract::PurposeName)]
    purpose: Purpose,
    /// Where a cookie keeps the session: what a page sends as `X-CSRF-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
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
