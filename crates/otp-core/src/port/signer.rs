//! Access tokens, signed and checked. Which algorithm a tenant uses is the signer's business.

use crate::fault::Res;
use crate::realm::Realm;
use crate::token::{Claims, InvalidToken};

/// Signs access tokens and checks signatures. Tells nothing of time or revocation.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait TokenSigner: Send + Sync {
    /// `claims` as a JWT (RFC 7519) of type `at+jwt` (RFC 9068), signed with the key of `realm`.
    ///
    /// # Errors
    /// When the key of `realm` cannot be had.
    fn sign(&self, realm: Realm, claims: &Claims) -> Res<String>;

    /// The claims of `token` if it was signed for `realm`, with exactly the algorithm of its key.
    ///
    /// # Errors
    /// [`InvalidToken`] for everything else, whatever is wrong with it.
    fn verify(&self, realm: Realm, token: &str) -> Result<Claims, InvalidToken>;
}
