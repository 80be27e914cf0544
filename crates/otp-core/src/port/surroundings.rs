//! Time, randomness, the stored root, and the bell that wakes the relay.

use async_trait::async_trait;

use crate::fault::Res;
use crate::keys::{Kid, Sealed};
use crate::time::Timestamp;

/// What time it is.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Where random octets come from. Only a cryptographically secure source is one.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with random octets.
    ///
    /// # Errors
    /// When the source has none to give; nothing may be derived from `buffer` then.
    fn fill(&self, buffer: &mut [u8]) -> Res<()>;
}

/// Arrays of random octets.
pub trait EntropyExt: Entropy {
    /// `N` random octets.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    fn bytes<const N: usize>(&self) -> Res<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

impl<E: Entropy + ?Sized> EntropyExt for E {}

/// A master key that is not in force any more, as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredKey {
    /// Names it.
    pub kid: Kid,
    /// The key itself.
    pub sealed: Sealed,
    /// From when on nothing needs it; unset, while something may be sealed under it.
    pub until: Option<Timestamp>,
}

/// Keeps the one root from which index keys are derived, and master keys that were in force before.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RootStore: Send + Sync {
    /// Keeps `candidate` if there is no root yet; answers the root there is.
    ///
    /// # Contract
    /// 1. MUST answer the same root to every call, however many race for the first (`root_is_kept_once`).
    ///
    /// # Errors
    /// When the store cannot be read or written.
    async fn keep(&self, candidate: Sealed) -> Res<Sealed>;

    /// Puts `anew`, the same root, in place of the one that was `seen`; answers whether it was that still.
    ///
    /// # Contract
    /// 1. MUST let exactly one of those through who have seen the same (`a_root_is_sealed_anew_once`).
    ///
    /// # Errors
    /// When the store cannot be read or written.
    async fn reseal(&self, seen: &Sealed, anew: Sealed) -> Res<bool>;

    /// Keeps `key`, in place of what is kept under its name.
    ///
    /// # Contract
    /// 1. MUST answer it to whoever asks from then on, until it ends (`retired_keys_are_kept_until_they_end`).
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn retire(&self, key: RetiredKey) -> Res<()>;

    /// The keys kept that have not ended at `now`, in whatever order.
    ///
    /// # Contract
    /// 1. MUST answer every one, and none that has ended (`retired_keys_are_kept_until_they_end`).
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn retired(&self, now: Timestamp) -> Res<Vec<RetiredKey>>;
}

/// Rung when something was put into the outbox, so that the relay need not look all the time.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Bell: Send + Sync {
    /// Wakes whoever waits. Cheap, never blocks; ringing twice is ringing once.
    fn ring(&self);
}

/// A bell nobody hears: for who runs the relay by himself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Bell for Silent {
    fn ring(&self) {}
}
