//! Tokens: the JWT an access token is, the derived secret a refresh token is, and what a page sends beside a cookie.

mod algorithm;
mod claims;
mod csrf;
mod refresh;
mod ring_backend;
mod signing_key;
mod tenant_keys;

pub use algorithm::{Algorithm, Curve};
pub use claims::Claims;
pub(crate) use claims::{issuer, realm_claimed, signing_key_claimed};
pub use csrf::CsrfToken;
pub use refresh::RefreshToken;
pub use signing_key::{Jwk, SigningKey};
pub use tenant_keys::TenantKeys;

/// The text is no token of ours: malformed, forged, of another realm, too old or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid: sign in again")]
pub struct InvalidToken;
