//! Calls that may be repeated (`Idempotency-Key`): made once, answered alike.
//!
//! A caller begins the call first, and is alone with it while his lease lasts. The answer is written with what the call has
//! changed, or neither: whoever repeats it gets that answer, or makes the call for the first time.

use std::fmt;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::effect::Effect;
use crate::fault::Res;
use crate::otp::IdempotencyKey;
use crate::port::{Begun, CallLease, Remembered};
use crate::realm::Realm;
use crate::time::Timestamp;

/// How long a call may take. Whoever did not get its answer may make it again then.
const LEASE: Duration = Duration::from_secs(60);

/// Remembers the answers of calls.
#[derive(Clone)]
pub struct Calls {
    deployment: Deployment,
}

/// What a call is, seen from before. `Debug` does not show an answer: it may hold a key.
pub enum Seen {
    /// New: it is to be made, and its answer remembered under this lease.
    Never(CallLease),
    /// Being made at this moment.
    InFlight,
    /// Answered like this.
    Answered(Vec<u8>),
    /// Made with another body.
    Mismatch,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never(lease) => f.debug_tuple("Never").field(lease).finish(),
            Self::InFlight => f.write_str("InFlight"),
            Self::Answered(_) => f.write_str("Answered(…)"),
            Self::Mismatch => f.write_str("Mismatch"),
        }
    }
}

impl Calls {
    /// Over `deployment`.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// Begins the call `key` of `realm`, unless it was seen before.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn begin(&self, realm: Realm, key: IdempotencyKey) -> Res<Seen> {
        let now = self.deployment.now();
        let lease = CallLease { realm, key: key.call, until: now.plus(LEASE) };
        Ok(match self.deployment.stores.calls.begin(lease, key.body, now).await? {
            Begun::Ours(lease) => Seen::Never(lease),
            Begun::InFlight => Seen::InFlight,
            Begun::Answered(sealed) => Seen::Answered(self.deployment.keys.open_answer(realm, &key.call, &sealed)?),
            Begun::Mismatch => Seen::Mismatch,
        })
    }

    /// Gives a call back that came to nothing, so that it may be made again at once.
    ///
    /// # Errors
    /// When the store cannot be reached; the call may be made again when the lease has run out.
    pub async fn give_back(&self, lease: CallLease) -> Res<()> {
        self.deployment.stores.calls.give_back(lease, self.deployment.now()).await
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

/// A call whose answer is remembered with the change it makes: how that reads for each outcome.
pub struct Repeatable<'a, T> {
    /// The right to make it.
    pub lease: CallLease,
    /// The answer to an outcome.
    pub answer: &'a (dyn Fn(&T) -> Vec<u8> + Send + Sync),
    /// How long it is repeated.
    pub repeated: Duration,
}

impl<T> Repeatable<'_, T> {
    /// What to remember of `outcome`: sealed, since it may hold a key.
    fn remembered(&self, outcome: &T, deployment: &Deployment, now: Timestamp) -> Res<Remembered> {
        let CallLease { realm, key, .. } = self.lease;
        let answer = (self.answer)(outcome);
        Ok(Remembered {
            lease: self.lease,
            answer: deployment.keys.seal_answer(realm, &key, &answer, &*deployment.entropy)?,
            expires_at: now.plus(self.repeated),
        })
    }
}

impl<T> fmt::Debug for Repeatable<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeatable").field("lease", &self.lease).finish_non_exhaustive()
    }
}

impl Deployment {
    /// What has to be written for `outcome` to be remembered, if the call may be repeated.
    pub(crate) fn remembering<T>(
        &self,
        call: Option<&Repeatable<'_, T>>,
        outcome: &T,
        now: Timestamp,
    ) -> Res<Option<Effect>> {
        call.map(|call| call.remembered(outcome, self, now).map(Effect::Remember)).transpose()
    }

    /// Has `outcome` remembered where it changed nothing, if the call may be repeated.
    pub(crate) async fn remember<T>(&self, call: Option<&Repeatable<'_, T>>, outcome: &T, now: Timestamp) -> Res<()> {
        match call {
            Some(call) => self.stores.calls.remember(call.remembered(outcome, self, now)?, now).await,
            None => Ok(()),
        }
    }
}
