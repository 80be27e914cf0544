//! The signals that ask a process to stop.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// SIGTERM and SIGINT. From the first time anybody listens, neither ends the process by itself any
/// more, and one that comes while nobody listens is lost: so there is one listener, from the first
/// time the process waits for anything until it stops.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let the process listen.
    pub fn heard() -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(|error| Failure::Failed(format!("signals cannot be heard: {error}")));
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    /// Resolves when the process is asked to stop, or was since it listens.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// What `task` answers, unless the process is asked to stop before.
    pub async fn or<T>(&mut self, task: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = task => Some(answer),
            () = self.asked() => None,
        }
    }
}
