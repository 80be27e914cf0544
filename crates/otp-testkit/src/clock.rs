//! A clock that stands still until it is told to move.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use otp_core::port::Clock;
use otp_core::time::Timestamp;

/// A clock that shows the time it was given.
#[derive(Debug)]
pub struct FrozenClock(AtomicI64);

impl FrozenClock {
    /// A clock that shows `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Moves it to `now`, back too.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Moves it `span` later, in whole milliseconds; answers what it shows then.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let later = |millis| Timestamp::from_millis(millis).plus(span);
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |millis| Some(later(millis).as_millis()));
        // The closure always answers, so the update cannot fail; both arms carry the time before.
        later(before.unwrap_or_else(|unchanged| unchanged))
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_only_when_told() {
        let clock = FrozenClock::at(Timestamp::from_millis(1_000));
        assert_eq!(clock.now().as_millis(), 1_000);
        assert_eq!(clock.advance(Duration::from_secs(2)).as_millis(), 3_000);
        assert_eq!(clock.now().as_millis(), 3_000);
        clock.set(Timestamp::from_millis(5));
        assert_eq!(clock.now().as_millis(), 5);
    }
}
