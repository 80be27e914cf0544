//! A port that is down is told of once, and once more when it is back.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::fault::Res;

/// Whether a port the relay depends on is down. The relay comes back to it several times a second: a
/// line for each time would bury everything else in the log.
#[derive(Debug)]
pub(super) struct Outage {
    port: &'static str,
    lasts: AtomicBool,
}

impl Outage {
    pub(super) const fn of(port: &'static str) -> Self {
        Self { port, lasts: AtomicBool::new(false) }
    }

    /// Passes `answer` through; tells the log when it is the first of an outage, or the first after.
    pub(super) fn note<T>(&self, answer: Res<T>) -> Res<T> {
        let lasted = self.lasts.swap(answer.is_err(), Ordering::Relaxed);
        match (&answer, lasted) {
            (Err(fault), false) => {
                let cause = std::error::Error::source(fault);
                tracing::warn!(port = self.port, %fault, ?cause, "mail waits: what it depends on does not answer");
            }
            (Err(fault), true) => tracing::debug!(port = self.port, %fault, "still no answer"),
            (Ok(_), true) => tracing::info!(port = self.port, "mail goes on: what it depends on answers again"),
            (Ok(_), false) => {}
        }
        answer
    }
}
