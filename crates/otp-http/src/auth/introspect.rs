//! `POST /auth/introspect` (RFC 7662)

use axum::Json;
use axum::response::IntoResponse;
use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::sessions::{Authenticated, SessionError};
use otp_core::token::Claims;
use serde::Serialize;

use crate::app::App;
use crate::call::{Call, Form, Input, ServerCall};
use crate::reply::Answer;

pub(crate) struct Introspect {
    token: String,
}

impl Input for Introspect {
    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self { token: form.body.required("token", |text| Ok(text.to_owned()))? })
    }
}

/// A token that is alive, to its own customer.
#[derive(Serialize)]
struct Alive {
    active: bool,
    sub: UserId,
    sid: SessionId,
    email: String,
    iss: String,
    aud: String,
    client_id: TenantId,
    token_type: &'static str,
    iat: i64,
    nbf: i64,
    exp: i64,
    auth_time: i64,
    jti: String,
    purpose: Purpose,
}

/// Any other text: nobody learns what it is.
#[derive(Serialize)]
struct Dead {
    active: bool,
}

pub(crate) async fn introspect(call: Call<ServerCall, Introspect>) -> Answer {
    let Call { app, who: ServerCall(who), input, .. } = call;
    match app.sessions.authenticate(who.world(), &input.token).await {
        Ok(Authenticated { claims, live: _ }) => Ok(Json(Alive::from(claims)).into_response()),
        Err(SessionError::Invalid(_) | SessionError::Reused) => Ok(Json(Dead { active: false }).into_response()),
        Err(SessionError::Fault(fault)) => Err(fault.into()),
    }
}

impl From<Claims> for Alive {
    fn from(claims: Claims) -> Self {
        Self {
            active: true,
            sub: claims.sub,
            sid: claims.sid,
            email: claims.email,
            iss: claims.iss,
            aud: claims.aud,
            client_id: claims.client_id,
            token_type: "Bearer",
            iat: claims.iat,
            nbf: claims.nbf,
            exp: claims.exp,
            auth_time: claims.auth_time,
            jti: claims.jti,
            purpose: claims.purpose,
        }
    }
}
