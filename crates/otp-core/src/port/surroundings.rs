//! Time, randomness, the stored root, and the bell that wakes the relay.

use async_trait::async_trait;

use crate::fault::Res;
use crate::keys::Sealed;
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

/// Keeps the one root from which index keys are derived.
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
