//! What an access token says (RFC 9068, with the session's own claims).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::challenge::Purpose;
use crate::id::{SessionId, SigningKeyId, TenantId, UserId};
use crate::realm::{Mode, Realm};
use crate::time::Timestamp;

/// The claims of an access token. `Debug` shows the session alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: `{public URL}/t/{tenant}`, with `/test` behind it in test mode.
    pub iss: String,
    /// The user.
    pub sub: UserId,
    /// For whom: the tenant.
    pub aud: String,
    /// The tenant.
    pub client_id: TenantId,
    /// The user's address, canonical.
    pub email: String,
    /// The session it rests on.
    pub sid: SessionId,
    /// The session's generation it was issued in; dead in the next.
    #[serde(rename = "gen")]
    pub generation: u32,
    /// Names this token.
    pub jti: String,
    /// Issued at, in seconds since the epoch.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Dead from here on.
    pub exp: i64,
    /// When the code was verified.
    pub auth_time: i64,
    /// How: always `["otp"]` (RFC 8176).
    pub amr: Vec<String>,
    /// What the code was for.
    pub purpose: Purpose,
}

impl Claims {
    /// Whether it is within its time at `now`.
    pub(crate) fn in_time(&self, now: Timestamp) -> bool {
        self.nbf <= now.as_seconds() && now.as_seconds() < self.exp
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("sid", &self.sid).finish_non_exhaustive()
    }
}

/// The issuer of tokens of `realm`, under the public URL `base`.
pub(crate) fn issuer(base: &str, realm: Realm) -> String {
    match realm.mode {
        Mode::Live => format!("{base}/t/{}", realm.tenant),
        Mode::Test => format!("{base}/t/{}/test", realm.tenant),
    }
}

/// The realm a token says it is of. Nothing of it is proven: it only tells by which key to prove it.
pub(crate) fn realm_claimed(base: &str, token: &str) -> Option<Realm> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let claimed: Issuer = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    let path = claimed.iss.strip_prefix(base)?.strip_prefix("/t/")?;
    let (tenant, mode) = match path.strip_suffix("/test") {
        Some(tenant) => (tenant, Mode::Test),
        None => (path, Mode::Live),
    };
    Some(Realm { tenant: tenant.parse().ok()?, mode })
}

/// The key pair a token says it is signed with. Nothing of it is proven: it only tells which key to look for.
pub(crate) fn signing_key_claimed(token: &str) -> Option<SigningKeyId> {
    jsonwebtoken::decode_header(token).ok()?.kid?.parse().ok()
}
