//! Tokens as they are handed over.

use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::sessions::Tokens;
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::reply::rfc_3339;

/// The token members of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenMembers {
    token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(serialize_with = "rfc_3339")]
    expires_at: Timestamp,
    refresh_token: String,
    #[serde(serialize_with = "rfc_3339")]
    refresh_expires_at: Timestamp,
    user_id: UserId,
    email: String,
    customer_id: TenantId,
    session_id: SessionId,
    purpose: Purpose,
}

impl From<Tokens> for TokenMembers {
    fn from(tokens: Tokens) -> Self {
        let session = tokens.live.session;
        Self {
            token: tokens.access,
            token_type: "Bearer",
            expires_in: tokens.issued_at.until(tokens.access_expires_at).as_secs(),
            expires_at: tokens.access_expires_at,
            refresh_token: tokens.refresh,
            refresh_expires_at: tokens.refresh_expires_at,
            user_id: tokens.live.user.id,
            email: tokens.email.canonical().to_owned(),
            customer_id: session.realm.tenant,
            session_id: session.id,
            purpose: session.purpose,
        }
    }
}
