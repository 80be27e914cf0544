//! Key pairs of a tenant: the public half for everybody, the private half sealed.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};

use super::Curve;
use crate::config::LONGEST_ACCESS;
use crate::fault::{Fault, Res};
use crate::id::{SigningKeyId, TenantId};
use crate::keys::{Keyring, Sealed};
use crate::port::Entropy;
use crate::realm::Mode;
use crate::time::Timestamp;

const OP: &str = "token.signing_key";

/// A key pair that signs tokens of one world of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Names it: `kid` of the tokens it signs.
    pub id: SigningKeyId,
    /// Which world's.
    pub mode: Mode,
    /// On which curve it is; with that, the one algorithm it is for.
    pub curve: Curve,
    /// Its public half: the point uncompressed, or the 32 octets of an Ed25519 key.
    public: Vec<u8>,
    /// Its private half as PKCS #8, sealed for its tenant and id.
    private: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs no more, if it does not.
    #[serde(default)]
    pub retired_at: Option<Timestamp>,
}

impl SigningKey {
    /// A fresh one of `tenant`. Its octets come from ring's own source: ring makes pairs from no other.
    pub(crate) fn generate(
        tenant: TenantId,
        mode: Mode,
        curve: Curve,
        keys: &Keyring,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Res<Self> {
        let refused = |error| Fault::unavailable(OP, error);
        let rejected = |error| Fault::corrupt(OP, error);
        let random = SystemRandom::new();
        let (pair, public) = match curve {
            Curve::P256 => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(refused)?;
                let public = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).map_err(rejected)?;
                (pair, public.public_key().as_ref().to_vec())
            }
            Curve::Ed25519 => {
                let pair = Ed25519KeyPair::generate_pkcs8(&random).map_err(refused)?;
                let public = Ed25519KeyPair::from_pkcs8(pair.as_ref()).map_err(rejected)?;
                (pair, public.public_key().as_ref().to_vec())
            }
        };
        let id = SigningKeyId::generate(entropy)?;
        let private = keys.seal_signing_key(tenant, id, pair.as_ref(), entropy)?;
        Ok(Self { id, mode, curve, public, private, created_at: now, retired_at: None })
    }

    /// Whether a token that it has signed may live at `now`.
    pub(crate) fn may_verify(&self, now: Timestamp) -> bool {
        let longest = Duration::from_secs(LONGEST_ACCESS.into());
        self.retired_at.is_none_or(|at| now < at.plus(longest))
    }

    /// Its private half, of `tenant`.
    pub(super) fn private(&self, tenant: TenantId, keys: &Keyring) -> Res<zeroize::Zeroizing<Vec<u8>>> {
        keys.open_signing_key(tenant, self.id, &self.private)
    }

    /// Seals its private half anew under the key in force; answers whether it was not so already.
    pub(crate) fn reseal(&mut self, tenant: TenantId, keys: &Keyring, entropy: &dyn Entropy) -> Res<bool> {
        let anew = keys.reseal_signing_key(tenant, self.id, &self.private, entropy)?;
        let is_anew = anew.is_some();
        self.private = anew.unwrap_or_else(|| self.private.clone());
        Ok(is_anew)
    }

    /// Its public half, as verifiers of this process take it.
    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    /// Its public half, for everybody.
    pub fn jwk(&self) -> Jwk {
        let encode = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let (kty, alg, x, y) = match self.curve {
            // The point is 4, x and y (SEC 1, section 2.3.3).
            Curve::P256 => {
                let (x, y) = self.public.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
                ("EC", "ES256", encode(x), Some(encode(y)))
            }
            Curve::Ed25519 => ("OKP", "EdDSA", encode(&self.public), None),
        };
        Jwk { kty, crv: self.curve, x, y, kid: self.id, alg, usage: "sig" }
    }
}

/// A public key as JSON (RFC 7517; RFC 7518, section 6.2.1; RFC 8037, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: Curve,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    kid: SigningKeyId,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
}
