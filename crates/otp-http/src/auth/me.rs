//! `GET /auth/me`

use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::session::LiveSession;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{Call, Nothing, UserCall};
use crate::contract::{self, Operation};
use crate::reply::{self, Answer, rfc_3339};

/// A user and his session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    #[schema(value_type = contract::UserId)]
    user_id: UserId,
    email: String,
    #[schema(value_type = contract::CustomerId)]
    customer_id: TenantId,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    last_login_at: Timestamp,
    session: Session,
    /// For a page that was loaded anew and has nothing but its cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    csrf_token: Option<String>,
}

/// Where a user is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    #[schema(value_type = contract::SessionId)]
    session_id: SessionId,
    #[schema(value_type = contract::PurposeName)]
    purpose: Purpose,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    created_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    last_used_at: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    expires_at: Timestamp,
}

/// How the route is told of.
pub(crate) const ME: Operation =
    Operation::new::<Me>("getMe", "Who is signed in", "The user a token or a session's cookie stands for.");

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
