//! The work done beside requests: the relay, sealing audit trails, rolling up usage, and sweeping what no longer matters.

use std::time::Duration;

use otp_core::port::Clock;
use otp_core::relay::Relay;
use otp_core::system::SystemClock;
use otp_core::upkeep::Upkeep;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::bell::ProcessBell;
use crate::outage::Outage;
use crate::storage::Storage;

/// How often dead rows are swept, and usage is rolled up.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How often audit trails are sealed: no entry waits for a second.
const SEAL_EVERY: Duration = Duration::from_millis(500);
/// The pause after a relay that broke down, so that one that cannot begin does not fill the log.
const RESTART_AFTER: Duration = Duration::from_secs(1);
/// How long mails under way may take to finish once the service stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tasks that do it. They need nothing from whoever serves requests, so they may run beside that or
/// in a process of their own; any number of processes may run them over one database.
#[derive(Debug)]
pub struct Work {
    bell: ProcessBell,
    relay: JoinHandle<()>,
    sweep: JoinHandle<()>,
    seal: JoinHandle<()>,
}

impl Work {
    /// Begins carrying the outbox, whenever `bell` says so, and the rest at its own pace.
    pub fn begin(relay: Relay, upkeep: Upkeep, bell: ProcessBell, storage: Storage) -> Self {
        let relay = tokio::spawn(carry(relay, bell.clone()));
        Self { bell, relay, sweep: tokio::spawn(sweep(storage, upkeep.clone())), seal: tokio::spawn(seal(upkeep)) }
    }

    /// Lets mails under way finish, then gives their leases back. Takes ten seconds at the longest.
    pub async fn end(mut self) {
        self.sweep.abort();
        self.seal.abort();
        self.bell.stop();
        if timeout(PATIENCE, &mut self.relay).await.is_err() {
            self.bell.stop();
            if timeout(PATIENCE, self.relay).await.is_err() {
                tracing::warn!("mails are still under way; their leases run out by themselves");
            }
        }
    }
}

/// Runs the relay until it is asked to stop. A panic over one mail must not end all mail while the
/// service goes on saying that it is well: whoever was in its hands comes back with his lease.
async fn carry(relay: Relay, bell: ProcessBell) {
    loop {
        let (relay, pace) = (relay.clone(), bell.clone());
        match tokio::spawn(async move { relay.run(&pace).await }).await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "the relay broke down and begins again"),
        }
        tokio::time::sleep(RESTART_AFTER).await;
    }
}

/// Seals what was audited. Whatever is cut off half-way is sealed by the next one.
async fn seal(upkeep: Upkeep) {
    let mut outage = Outage::default();
    loop {
        tokio::time::sleep(SEAL_EVERY).await;
        outage.note(upkeep.seal().await, "audit trails are not sealed; what is written waits");
    }
}

async fn sweep(storage: Storage, upkeep: Upkeep) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        match upkeep.tidy().await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "rolled up"),
            Err(fault) => tracing::warn!(%fault, "usage and audit trails were not tidied"),
        }
        match storage.sweep(SystemClock.now()).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "swept"),
            Err(fault) => tracing::warn!(%fault, "dead rows were not swept"),
        }
    }
}
