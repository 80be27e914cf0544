//! The outbox: effects that reach out of the store wait here until the relay has carried them out.

use std::time::Duration;

use async_trait::async_trait;

use crate::challenge::Challenge;
use crate::effect::{Effect, MailJob};
use crate::fault::Res;
use crate::keys::Sealed;
use crate::time::Timestamp;

/// The right to carry out one entry until `until`, proven by `token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The entry, as its store numbers it.
    pub entry: i64,
    /// Fencing token: grows with every claim of the entry, so a holder that slept past `until` is known.
    pub token: i64,
    /// When somebody else may claim it.
    pub until: Timestamp,
}

/// How far an entry has come; kept between claims as the relay left it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Tries made and failed.
    pub tries: u32,
    /// Whether the recipient's limit was drawn, which happens once for each mail.
    pub admitted: bool,
}

/// An entry claimed, and what the store knew of it at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The right to carry it out.
    pub lease: Lease,
    /// What to send.
    pub mail: MailJob,
    /// How far it has come.
    pub progress: Progress,
    /// The challenge its letter names, if that was open and unexpired. A mail whose challenge is not is not sent.
    pub challenge: Option<Challenge>,
    /// The address under which its recipient first signed in at this tenant, if he has.
    pub known_as: Option<Sealed>,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It is done with, one way or another: it leaves the outbox.
    Finished,
    /// It stays, free to be claimed from `at` on.
    RetryAt {
        /// When.
        at: Timestamp,
        /// How far it has come.
        progress: Progress,
    },
}

/// Whether a settlement was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was.
    Recorded,
    /// The lease had passed to somebody else; nothing was written.
    LeaseLost,
}

/// What waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Entries not settled yet.
    pub waiting: u64,
    /// When the oldest of those that are due was due.
    pub oldest_due: Option<Timestamp>,
}

/// Whoever stores changes stores what they cause.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Leases up to `max` entries that are due, the longest due first.
    ///
    /// # Contract
    /// 1. MUST NOT give an entry to anybody else before `now + lease` (`claims_never_overlap`).
    /// 2. MUST give every due entry to somebody, with any number of claimers (`a_backlog_is_shared`).
    /// 3. MUST give an entry again once its lease has run out, with a higher token (`a_lease_runs_out`).
    /// 4. MUST answer the challenge only while it is open and unexpired (`a_dead_code_is_not_mailed`).
    /// 5. MUST answer the address of a user who has signed in (`mail_goes_where_first_verified`).
    /// 6. MUST answer every letter as it was written, whether it names a challenge or not (`letters_are_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached; nothing is leased then, or the lease runs out by itself.
    async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<Leased>>;

    /// Records what became of a claimed entry, with the effects of that.
    ///
    /// # Contract
    /// 1. MUST write nothing if the entry was claimed again or settled since (`a_lost_lease_writes_nothing`).
    /// 2. MUST write settlement and effects together (`settling_writes_effects`).
    /// 3. MUST keep the progress given for the next claim (`progress_is_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached; the entry comes back when its lease has run out.
    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled>;

    /// Writes effects that no change carries: those of a refusal that was decided elsewhere.
    ///
    /// # Contract
    /// 1. MUST write all of them or none (`appended_effects_are_written`).
    /// 2. MUST, as every verb that writes effects, write those of a [`Once`](crate::effect::Once) once a window,
    ///    whoever races (`once_is_once`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn append(&self, effects: Vec<Effect>, now: Timestamp) -> Res<()>;

    /// What waits.
    ///
    /// # Contract
    /// 1. MUST count entries under lease too (`backlog_counts_what_is_not_settled`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn backlog(&self, now: Timestamp) -> Res<Backlog>;
}
