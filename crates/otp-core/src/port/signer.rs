//! Access tokens, signed and checked. Which algorithm a tenant uses is the signer's business.

use crate::fault::Res;
use crate::tenant::World;
use crate::token::{Claims, InvalidToken};

/// Signs access tokens and checks signatures. Tells nothing of time or revocation.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait TokenSigner: Send + Sync {
    /// `claims` as a JWT (RFC 7519) of type `at+jwt` (RFC 9068), signed with the key of `world`.
    ///
    /// # Errors
    /// When that key cannot be had.
    fn sign<'t>(&self, world: World<'t>, claims: &Claims) -> Res<String>;

    /// The claims of `token` if it was signed for `world`, with exactly the algorithm of its key.
    ///
    /// # Errors
    /// [`InvalidToken`] for everything else, whatever is wrong with it.
    fn verify<'t>(&self, world: World<'t>, token: &str) -> Result<Claims, InvalidToken>;
}
