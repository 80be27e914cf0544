//! Tokens of a bare server: a JWT (RFC 7519) signed by HMAC-SHA-256.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// Signs and checks.
pub(super) struct Signer {
    key: hmac::Key,
    header: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
}

impl Default for Signer {
    fn default() -> Self {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), header }
    }
}

impl Signer {
    /// A token for `subject`.
    pub(super) fn sign(&self, subject: &str) -> Result<String> {
        let claims = serde_json::to_vec(&Claims { sub: subject.to_owned() })?;
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.key, token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Whom `token` was signed for, if it was.
    pub(super) fn check(&self, token: &str) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        Some(claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_no_token() {
        let signer = Signer::default();
        let token = signer.sign("chl_1").unwrap();
        assert_eq!(signer.check(&token).as_deref(), Some("chl_1"));
        let other = signer.sign("chl_2").unwrap();
        let (claims, _) = other.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(signer.check(&format!("{claims}.{signature}")), None);
    }
}
