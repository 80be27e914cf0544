//! Everything the store holds.

use otp_core::keys::Sealed;
use otp_core::time::Timestamp;

use crate::challenges::{Challenges, Remembered};
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::outbox::Queue;
use crate::sessions::Sessions;
use crate::tenants::Tenants;
use crate::users::Users;

/// Everything the store holds. Each verb is a function of it, written next to its port.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) challenges: Challenges,
    pub(crate) remembered: Remembered,
    pub(crate) limits: Limits,
    pub(crate) queue: Queue,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) tenants: Tenants,
    pub(crate) ledger: Ledger,
    pub(crate) root: Option<Sealed>,
}

impl State {
    /// Drops what has ended, so that a long-lived process does not grow by what nobody can ask for.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.challenges.forget(now);
        self.remembered.forget(now);
        self.limits.forget(now);
        self.sessions.forget(now);
    }
}
