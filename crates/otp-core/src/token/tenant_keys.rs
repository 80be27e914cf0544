//! Signs as each tenant has chosen: by a secret derived for each of its worlds, or by a key pair of its own.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use zeroize::Zeroizing;

use super::{Claims, Curve, InvalidToken, SigningKey, ring_backend};
use crate::fault::{Fault, Res};
use crate::keys::{Keyring, Kid};
use crate::port::TokenSigner;
use crate::realm::Realm;
use crate::tenant::World;

/// The type of an access token (RFC 9068, section 2.1), which keeps other JWTs of the same key apart.
const TYPE: &str = "at+jwt";
const OP: &str = "token.sign";

/// Signs with the keys of tenants.
pub struct TenantKeys {
    keys: Arc<Keyring>,
    hs256: Validation,
    es256: Validation,
    eddsa: Validation,
}

impl TenantKeys {
    /// Over the secrets of `keys`.
    pub fn new(keys: Arc<Keyring>) -> Self {
        ring_backend::install();
        let validation = |algorithm| {
            let mut validation = Validation::new(algorithm);
            // jsonwebtoken would ask the machine's clock; the domain checks times against its own.
            validation.validate_exp = false;
            validation.required_spec_claims.clear();
            // The audience is one tenant's, and checked with the rest of the claims.
            validation.validate_aud = false;
            validation
        };
        Self {
            keys,
            hs256: validation(Algorithm::HS256),
            es256: validation(Algorithm::ES256),
            eddsa: validation(Algorithm::EdDSA),
        }
    }

    fn secret(&self, kid: Kid, realm: Realm) -> Option<Zeroizing<[u8; 32]>> {
        self.keys.access(kid, realm).map(Zeroizing::new)
    }

    /// The key that signs for `world` now: its name, and what it is for.
    fn signing(&self, world: World<'_>) -> Res<(Algorithm, String, EncodingKey)> {
        let Some(curve) = world.settings().tokens.algorithm().curve() else {
            let kid = self.keys.kid();
            let secret =
                self.secret(kid, world.realm()).ok_or_else(|| Fault::misconfigured(OP, "no key of that id"))?;
            return Ok((Algorithm::HS256, kid.to_string(), EncodingKey::from_secret(&*secret)));
        };
        let current = |key: &&SigningKey| key.mode == world.mode && key.curve == curve && key.retired_at.is_none();
        let key = world.tenant.signing_keys.iter().find(current);
        let key =
            key.ok_or_else(|| Fault::misconfigured(OP, "the tenant has no key of the algorithm it has chosen"))?;
        let private = key.private(world.tenant.id, &self.keys)?;
        let encoding = match curve {
            Curve::P256 => EncodingKey::from_ec_der(&private),
            Curve::Ed25519 => EncodingKey::from_ed_der(&private),
        };
        Ok((curve.algorithm(), key.id.to_string(), encoding))
    }

    /// The key of `world` that a token names, and the one algorithm it is for. Which that is, is never the token's word.
    fn verifying(&self, world: World<'_>, kid: &str) -> Option<(&Validation, DecodingKey)> {
        if let Ok(kid) = kid.parse() {
            return Some((&self.hs256, DecodingKey::from_secret(&*self.secret(kid, world.realm())?)));
        }
        let id = kid.parse().ok()?;
        let key = world.tenant.signing_keys.iter().find(|key| key.id == id && key.mode == world.mode)?;
        Some(match key.curve {
            Curve::P256 => (&self.es256, DecodingKey::from_ec_der(key.public())),
            Curve::Ed25519 => (&self.eddsa, DecodingKey::from_ed_der(key.public())),
        })
    }
}

impl TokenSigner for TenantKeys {
    fn sign(&self, world: World<'_>, claims: &Claims) -> Res<String> {
        let (algorithm, kid, key) = self.signing(world)?;
        let mut header = Header::new(algorithm);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid);
        jsonwebtoken::encode(&header, claims, &key).map_err(|error| Fault::misconfigured(OP, error))
    }

    fn verify(&self, world: World<'_>, token: &str) -> Result<Claims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return Err(InvalidToken);
        }
        let (validation, key) = header.kid.and_then(|kid| self.verifying(world, &kid)).ok_or(InvalidToken)?;
        jsonwebtoken::decode(token, &key, validation).map(|token| token.claims).map_err(|_| InvalidToken)
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantKeys").finish_non_exhaustive()
    }
}
