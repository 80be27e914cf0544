//! CSRF tokens: what shows that a call resting on a cookie comes from a page that was given one.
//!
//! A browser sends cookies along with calls of any page; this token it does not know, only a page that read
//! an answer does. Derived like refresh tokens and stored nowhere.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::RefreshToken;
use crate::fault::{Fault, Res};
use crate::keys::Keyring;

/// The CSRF token of one generation of a session. Redacted by `Debug`.
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// The one beside `refresh`, whose MAC was proven.
    pub(crate) fn beside(refresh: &RefreshToken, keys: &Keyring) -> Res<Self> {
        let key = keys.csrf(refresh.kid).ok_or_else(|| Fault::misconfigured("token.csrf", "no key of that id"))?;
        let generation = refresh.generation.to_be_bytes();
        let mac = key.mac(&[&refresh.realm.to_bytes(), &refresh.session.to_bytes(), &generation]);
        Ok(Self(URL_SAFE_NO_PAD.encode(mac)))
    }

    /// Whether `sent` is this token, in constant time.
    pub fn is(&self, sent: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(sent).into()
    }

    /// The token itself: for the answer that hands it over.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(…)")
    }
}
