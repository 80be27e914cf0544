//! With what access tokens are signed.

use serde::{Deserialize, Serialize};

/// How the tokens of a tenant are signed, as `alg` names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC-SHA-256 (RFC 7518, section 3.2) with a secret that never leaves the service.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// ECDSA on P-256 (RFC 7518, section 3.4), for whoever verifies tokens himself.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519 (RFC 8037, section 3.1), for the same.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// The curve its key pairs are on; none, if it has no pairs.
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Self::Hs256 => None,
            Self::Es256 => Some(Curve::P256),
            Self::EdDsa => Some(Curve::Ed25519),
        }
    }
}

/// The curve of a key pair; each has one algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// NIST P-256.
    #[serde(rename = "P-256")]
    P256,
    /// Edwards 25519.
    Ed25519,
}

impl Curve {
    /// The one algorithm of its keys.
    pub(super) const fn algorithm(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::P256 => jsonwebtoken::Algorithm::ES256,
            Self::Ed25519 => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}
