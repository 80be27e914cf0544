//! Connections kept between mails.
//!
//! lettre has a pool of its own, but that one takes back every connection, also one whose send was cut
//! short between a command and its answer. The next mail would read that answer as its own, and could
//! be told it was sent when it was not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use otp_core::time::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many connections are open at a time. Relays count them, and refuse who has too many.
const PLACES: usize = 10;
/// How long an idle connection is kept. Servers wait for 5 minutes or more (RFC 5321, section
/// 4.5.3.2.7), networks in between often for less.
const KEPT: Duration = Duration::from_secs(60);

struct Idle {
    connection: AsyncSmtpConnection,
    since: Timestamp,
}

pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
    places: Semaphore,
}

impl Default for Pool {
    fn default() -> Self {
        Self { idle: Mutex::default(), places: Semaphore::new(PLACES) }
    }
}

impl Pool {
    /// Waits for the right to use a connection; whoever has waited longest is next.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed, so always given.
        self.places.acquire().await.ok()
    }

    /// The connection used last. Those idle for too long are closed.
    pub(super) fn take(&self, now: Timestamp) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.until(now) <= KEPT);
        idle.pop().map(|idle| idle.connection)
    }

    /// Keeps a connection whose every command has been answered.
    pub(super) fn keep(&self, connection: AsyncSmtpConnection, now: Timestamp) {
        self.idle().push(Idle { connection, since: now });
    }

    /// Closes them all: where one is dead, those idle for longer most likely are.
    pub(super) fn clear(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Every change of the list is one call, so a panic elsewhere has not left it halfway.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
