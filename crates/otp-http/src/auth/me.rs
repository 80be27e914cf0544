//! `GET /auth/me`

use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::session::LiveSession;
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::call::{Call, Nothing, UserCall};
use crate::reply::{self, Answer, rfc_3339};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    user_id: UserId,
    email: String,
    customer_id: TenantId,
    #[serde(serialize_with = "rfc_3339")]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    last_login_at: Timestamp,
    session: Session,
    /// For a page that was loaded anew and has nothing but its cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    session_id: SessionId,
    purpose: Purpose,
    #[serde(serialize_with = "rfc_3339")]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    last_used_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    expires_at: Timestamp,
}

pub(crate) async fn me(call: Call<UserCall, Nothing>) -> Answer {
    let UserCall { live, resting, .. } = call.who;
    let email = call.app.sessions.email(&live)?.canonical().to_owned();
    let csrf = resting.and_then(|resting| resting.csrf);
    let LiveSession { session, user } = live;
    Ok(reply::ok(Me {
        user_id: user.id,
        email,
        customer_id: user.realm.tenant,
        created_at: user.created_at,
        last_login_at: user.last_login_at,
        session: Session {
            session_id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.ends_at(),
            purpose: session.purpose,
        },
        csrf_token: csrf.map(|csrf| csrf.expose().to_owned()),
    }))
}
