//! What wakes the relay: new work, the clock, and the end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::port::Bell;
use otp_core::relay::{Pace, Signal};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Rings in one process: use cases ring it, the relay listens, the application stops it.
///
/// Nobody rings for mail that another process queued, nor for a retry that falls due, so the relay
/// looks by itself, too, at a steady pace: that is how long such mail may lie. A process that queues
/// its own mail can afford a second; one that only carries what others queue should look more often.
#[derive(Debug, Clone)]
pub struct ProcessBell(Arc<State>);

#[derive(Debug)]
struct State {
    work: Notify,
    stop: Notify,
    every: Duration,
    /// When the relay looks next. Kept here and not by each call of `next`: the relay drops those
    /// whenever a mail is done with, and must look however often that is.
    due: Mutex<Instant>,
}

impl ProcessBell {
    /// One whose relay looks at least once in `every`.
    pub fn looking_every(every: Duration) -> Self {
        let due = Mutex::new(Instant::now() + every);
        Self(Arc::new(State { work: Notify::new(), stop: Notify::new(), every, due }))
    }

    /// Asks the relay to finish; asked again, it gives up what is still under way.
    pub fn stop(&self) {
        self.0.stop.notify_one();
    }
}

impl State {
    fn due(&self) -> Instant {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looks_now(&self) -> Signal {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + self.every;
        Signal::Work
    }
}

impl Bell for ProcessBell {
    fn ring(&self) {
        self.0.work.notify_one();
    }
}

#[async_trait]
impl Pace for ProcessBell {
    async fn next(&self) -> Signal {
        tokio::select! {
            biased;
            () = self.0.stop.notified() => Signal::Stop,
            () = self.0.work.notified() => self.0.looks_now(),
            () = tokio::time::sleep_until(self.0.due()) => self.0.looks_now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_relay_looks_in_time_however_often_it_stops_waiting() {
        let bell = ProcessBell::looking_every(Duration::from_millis(200));
        for _ in 0..4 {
            assert_eq!(bell.next().now_or_never(), None);
            tokio::time::advance(Duration::from_millis(50)).await;
        }
        assert_eq!(bell.next().now_or_never(), Some(Signal::Work));
        assert_eq!(bell.next().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_heard_before_work() {
        let bell = ProcessBell::looking_every(Duration::from_secs(1));
        bell.ring();
        bell.stop();
        assert_eq!(bell.next().await, Signal::Stop);
        assert_eq!(bell.next().await, Signal::Work);
    }
}
