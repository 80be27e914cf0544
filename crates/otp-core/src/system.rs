//! The machine's own clock and entropy: the one place that asks for either.

use ring::rand::{SecureRandom, SystemRandom};

use crate::fault::{Fault, Res};
use crate::port::{Clock, Entropy};
use crate::time::Timestamp;

/// The wall clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only reading of the wall clock; everything else is told the time"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random source.
#[derive(Debug, Clone)]
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Res<()> {
        self.0.fill(buffer).map_err(|error| Fault::unavailable("entropy.fill", error))
    }
}
