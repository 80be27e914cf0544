//! HS256 (RFC 7518, section 3.2) with a secret per realm that never leaves the service.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use zeroize::Zeroizing;

use super::{Claims, InvalidToken, ring_backend};
use crate::fault::{Fault, Res};
use crate::keys::{Keyring, Kid};
use crate::port::TokenSigner;
use crate::realm::Realm;

/// The type of an access token (RFC 9068, section 2.1), which keeps other JWTs of the same key apart.
const TYPE: &str = "at+jwt";

/// Signs with HMAC-SHA-256 under a secret derived for each realm.
pub struct Hs256 {
    keys: Arc<Keyring>,
    validation: Validation,
}

impl Hs256 {
    /// Over the secrets of `keys`.
    pub fn new(keys: Arc<Keyring>) -> Self {
        ring_backend::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // jsonwebtoken would ask the machine's clock; the domain checks times against its own.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        // The audience is one tenant's, and checked with the rest of the claims.
        validation.validate_aud = false;
        Self { keys, validation }
    }

    fn secret(&self, kid: Kid, realm: Realm) -> Option<Zeroizing<[u8; 32]>> {
        self.keys.access(kid, realm).map(Zeroizing::new)
    }
}

impl TokenSigner for Hs256 {
    fn sign(&self, realm: Realm, claims: &Claims) -> Res<String> {
        const OP: &str = "token.sign";
        let kid = self.keys.kid();
        let secret = self.secret(kid, realm).ok_or_else(|| Fault::misconfigured(OP, "no key of that id"))?;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid.to_string());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&*secret))
            .map_err(|error| Fault::misconfigured(OP, error))
    }

    fn verify(&self, realm: Realm, token: &str) -> Result<Claims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return Err(InvalidToken);
        }
        let kid = header.kid.and_then(|kid| kid.parse().ok()).ok_or(InvalidToken)?;
        let secret = self.secret(kid, realm).ok_or(InvalidToken)?;
        let key = DecodingKey::from_secret(&*secret);
        jsonwebtoken::decode(token, &key, &self.validation).map(|token| token.claims).map_err(|_| InvalidToken)
    }
}

impl fmt::Debug for Hs256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hs256").finish_non_exhaustive()
    }
}
