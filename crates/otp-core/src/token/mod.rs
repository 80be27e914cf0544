//! Tokens: the JWT an access token is, the derived secret a refresh token is, and what a page sends beside a cookie.

mod claims;
mod csrf;
mod hs256;
mod refresh;
mod ring_backend;

pub use claims::Claims;
pub(crate) use claims::{issuer, realm_claimed};
pub use csrf::CsrfToken;
pub use hs256::Hs256;
pub use refresh::RefreshToken;

/// The text is no token of ours: malformed, forged, of another realm, too old or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid: sign in again")]
pub struct InvalidToken;
