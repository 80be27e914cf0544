//! One-time codes: ask for one, verify one.

mod apart;
mod quota;
mod request;
mod verify;

pub use quota::PlanUsage;
pub(crate) use request::Remembered;
pub use request::{CodeRequest, IdempotencyKey, Issued, RateLimited, RequestError};
pub(crate) use verify::well_formed;
pub use verify::{Proof, Verification, Verified, VerifyError};

use crate::caller::{Actor, Caller};
use crate::challenge::Purpose;
use crate::deployment::Deployment;
use crate::email::EmailAddress;
use crate::id::ChallengeId;
use crate::keys::Subject;
use crate::limit::{Draw, HOUR, LimitKey, Rule, Window};
use crate::locale::Locale;
use crate::realm::Realm;
use crate::tenant::World;

/// Issues and verifies codes.
#[derive(Debug, Clone)]
pub struct Otp {
    deployment: Deployment,
}

impl Otp {
    /// Over `deployment`.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// Mails a sign-in code to `email`: [`Otp::request`] with nothing special about it.
    ///
    /// # Errors
    /// As [`Otp::request`], and when `email` is not one address.
    pub async fn issue(&self, world: impl Into<World<'_>>, email: &str) -> Result<Issued, RequestError> {
        let request = CodeRequest {
            email: EmailAddress::parse(email)?,
            purpose: Purpose::default(),
            locale: Locale::default(),
            resend: None,
            idempotency: None,
        };
        self.request(world, request, &Caller::of(Actor::System)).await
    }

    /// Verifies the code of the challenge `id`: [`Otp::check`] with nothing special about it.
    ///
    /// # Errors
    /// As [`Otp::check`].
    pub async fn verify(
        &self,
        world: impl Into<World<'_>>,
        id: &ChallengeId,
        code: &str,
    ) -> Result<Verified, VerifyError> {
        let proof = Proof::Challenge { id: *id, email: None, purpose: None };
        self.check(world, Verification { code: code.parse()?, proof }, &Caller::of(Actor::System)).await
    }

    /// One unit of a limit by client, if the client is known.
    fn client_draw(&self, realm: Realm, rule: Rule, limit: u32, caller: &Caller) -> Option<Draw> {
        let subject = self.deployment.keys.client_subject(caller.client?);
        Some(draw(realm, rule, subject, limit))
    }
}

/// One unit of an hourly limit in `realm`.
fn draw(realm: Realm, rule: Rule, subject: Subject, limit: u32) -> Draw {
    Draw::new(LimitKey { realm, rule, subject }, limit, Window::Sliding(HOUR))
}
