//! Calls that may be repeated: made once, the answer remembered.

use async_trait::async_trait;

use crate::fault::Res;
use crate::keys::Sealed;
use crate::realm::Realm;
use crate::time::Timestamp;

/// The right to make one call and to have its answer remembered, until `until`.
///
/// That is its fencing token as well: a later lease of the same call runs out later, so a holder that slept past the
/// end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallLease {
    /// Who calls.
    pub realm: Realm,
    /// Hash of credential, method, path and the client's key: what "the same call" means.
    pub key: [u8; 32],
    /// When somebody else may make it.
    pub until: Timestamp,
}

/// The answer of a call, to be remembered with what the call has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Which call, and the right to make it.
    pub lease: CallLease,
    /// What to remember.
    pub answer: Sealed,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// What whoever would make a call finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the call is his to make.
    Ours(CallLease),
    /// Somebody who is making it.
    InFlight,
    /// Its answer.
    Answered(Sealed),
    /// Another body under its key.
    Mismatch,
}

/// Remembers the answers of calls. Kept by whoever keeps tenants: an answer is written with what the call changed, as an
/// [`Effect::Remember`](crate::effect::Effect::Remember).
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CallStore: Send + Sync {
    /// Leases a call with this fingerprint of its body, until the end of `lease`.
    ///
    /// # Contract
    /// 1. MUST let exactly one of racing callers through before its lease has run out (`a_call_is_one_callers`).
    /// 2. MUST tell another fingerprint, answered or not (`a_call_is_one_callers`).
    /// 3. MUST answer what was remembered until its end (`an_answer_comes_with_the_change`), which every verb that changes
    ///    a tenant writes exactly if it makes the change.
    /// 4. MUST refuse the whole write of an answer whose lease has passed to somebody else (`a_lost_call_changes_nothing`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn begin(&self, lease: CallLease, fingerprint: [u8; 32], now: Timestamp) -> Res<Begun>;

    /// Gives a lease back unanswered; whoever lost it gives nothing back.
    ///
    /// # Contract
    /// 1. MUST free the call for anybody, if it was not answered (`a_call_given_back_may_be_made`).
    ///
    /// # Errors
    /// When the store cannot be reached; the lease runs out by itself.
    async fn give_back(&self, lease: CallLease, now: Timestamp) -> Res<()>;

    /// Remembers the answer of a call that has changed nothing.
    ///
    /// # Contract
    /// 1. MUST remember it as it does with a change (`an_answer_comes_with_the_change`).
    ///
    /// # Errors
    /// When the store cannot be reached, or the lease has passed to somebody else.
    async fn remember(&self, remembered: Remembered, now: Timestamp) -> Res<()>;
}
