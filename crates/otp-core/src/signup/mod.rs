//! Signing up: whoever reads mail at an address may open an account for it, one for each.
//!
//! A signup is a challenge of the service itself ([`TenantId::SERVICE`](crate::id::TenantId::SERVICE)), so its code is
//! derived, single use and paid for like any other, and the account is opened in the very write that closes it.
//! An address that has an account gets a challenge, too, and a mail without its code: from outside both look the same.

mod confirm;
mod repeat;
mod request;
mod token;

pub use confirm::{ConfirmError, OpenedAccount, PendingSignup, SignupProof};
pub use request::{SignupError, SignupRequest, SignupRequested};
pub use token::{InvalidSignupToken, SignupToken};

use std::fmt;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::limit::DAY;
use crate::otp::Otp;
use crate::tenants::Tenants;

/// Digits of a signup's code.
pub const CODE_LENGTH: u8 = 9;
/// Attempts a signup has; then it takes a new one.
const ATTEMPTS: u8 = 5;
/// How long its code and link work.
const LIFE: Duration = DAY;

/// Opens accounts.
#[derive(Clone)]
pub struct Signup {
    deployment: Deployment,
    otp: Otp,
    tenants: Tenants,
    plan: Option<String>,
}

impl Signup {
    /// Over `deployment`, with accounts on `plan`; closed to everybody, if there is none.
    pub fn new(deployment: Deployment, plan: Option<String>) -> Self {
        let (otp, tenants) = (Otp::new(deployment.clone()), Tenants::new(deployment.clone()));
        Self { deployment, otp, tenants, plan }
    }
}

impl fmt::Debug for Signup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signup").field("plan", &self.plan).finish_non_exhaustive()
    }
}
