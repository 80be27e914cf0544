//! One-time codes: ask for one, verify one.

mod apart;
mod quota;
mod request;
mod verify;

pub use quota::PlanUsage;
pub use request::{CodeRequest, IdempotencyKey, Issued, RateLimited, RequestError};
pub use verify::{Proof, Verification, Verified, VerifyError};

use crate::caller::{Actor, Caller};
use crate::challenge::Purpose;
use crate::deployment::Deployment;
use crate::email::EmailAddress;
use crate::id::ChallengeId;
use crate::keys::Subject;
use crate::limit::{Draw, HOUR, LimitKey, Rule, Window};
use crate::locale::Locale;
use crate::tenant::Tenant;

/// Codes asked for from one client address within an hour.
const PER_CLIENT: u32 = 300;
/// Wrong codes from one client address within an hour.
const WRONG_PER_CLIENT: u32 = 60;

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
    pub async fn issue(&self, tenant: &Tenant, email: &str) -> Result<Issued, RequestError> {
        let request = CodeRequest {
            email: EmailAddress::parse(email)?,
            purpose: Purpose::default(),
            locale: Locale::default(),
            resend: None,
            idempotency: None,
        };
        self.request(tenant, request, &Caller::of(Actor::System)).await
    }

    /// Verifies the code of the challenge `id`: [`Otp::check`] with nothing special about it.
    ///
    /// # Errors
    /// As [`Otp::check`].
    pub async fn verify(&self, tenant: &Tenant, id: &ChallengeId, code: &str) -> Result<Verified, VerifyError> {
        let proof = Proof::Challenge { id: *id, email: None, purpose: None };
        self.check(tenant, Verification { code: code.parse()?, proof }, &Caller::of(Actor::System)).await
    }

    /// One unit of a limit by client, if the client is known.
    fn client_draw(&self, tenant: &Tenant, rule: Rule, limit: u32, caller: &Caller) -> Option<Draw> {
        let subject = self.deployment.keys.client_subject(caller.client?);
        Some(draw(tenant, rule, subject, limit))
    }
}

/// One unit of an hourly limit of `tenant`.
fn draw(tenant: &Tenant, rule: Rule, subject: Subject, limit: u32) -> Draw {
    let key = LimitKey { realm: tenant.live(), rule, subject };
    Draw::new(key, limit, Window::Sliding(HOUR))
}
