//! What wakes the relay: new work, the clock, and the end.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::port::Bell;
use otp_core::relay::{Pace, Signal};
use tokio::sync::Notify;

/// How often the relay looks for what has come due without anybody ringing.
const TICK: Duration = Duration::from_secs(1);

/// Rings in one process: use cases ring it, the relay listens, the application stops it.
#[derive(Debug, Clone, Default)]
pub struct ProcessBell(Arc<State>);

#[derive(Debug, Default)]
struct State {
    work: Notify,
    stop: Notify,
}

impl ProcessBell {
    /// Asks the relay to finish; asked again, it gives up what is still under way.
    pub fn stop(&self) {
        self.0.stop.notify_one();
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
            () = self.0.work.notified() => Signal::Work,
            () = tokio::time::sleep(TICK) => Signal::Work,
        }
    }
}
