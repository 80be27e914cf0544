//! The relay: carries what waits in the outbox out into the world.
//!
//! An entry is claimed by lease, carried out with no transaction open, and settled under the lease's
//! token. Whatever happens in between (a crash, a hanging provider), the entry comes back.

mod backoff;
mod deliver;
mod letter;
mod outage;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use tracing::Instrument;

use crate::deployment::Deployment;
use crate::fault::{FaultKind, Res};
use crate::mail::Sender;
use crate::port::{Leased, Mailer, Settlement};
use outage::Outage;

/// How long an entry belongs to who claimed it: twice what a mailer may take.
const LEASE: Duration = Duration::from_secs(60);
/// Entries carried out at the same time.
const AT_ONCE: usize = 64;

/// Sends what waits.
#[derive(Clone)]
pub struct Relay {
    deployment: Deployment,
    mailer: Arc<dyn Mailer>,
    sender: Sender,
    public_url: Option<String>,
    down: Arc<Down>,
}

/// The ports mail depends on, and whether they answer. They may be of different stores.
#[derive(Debug)]
struct Down {
    outbox: Outage,
    limits: Outage,
}

/// Why the relay should look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// There may be work.
    Work,
    /// Begin nothing more.
    Stop,
}

/// Tells the relay when to look for work. Whoever runs the relay paces it.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits for the next signal: `Work` when the bell was rung, and at least once a second; `Stop`
    /// when it is time to finish, and again when patience with that is over. Must be cancel safe.
    async fn next(&self) -> Signal;
}

impl Relay {
    /// Sends by `mailer` from the address of `sender`: in the name of the tenants what is theirs, in its own the rest.
    pub fn new(deployment: Deployment, mailer: Arc<dyn Mailer>, sender: Sender) -> Self {
        let down = Arc::new(Down { outbox: Outage::of("outbox"), limits: Outage::of("limits") });
        Self { deployment, mailer, sender, public_url: None, down }
    }

    /// With links to pages under `public_url`, which has no slash at its end. Without, mails carry no links.
    #[must_use]
    pub fn linking_to(self, public_url: impl Into<String>) -> Self {
        Self { public_url: Some(public_url.into()), ..self }
    }

    /// Carries out everything that is due; answers how many entries that were.
    ///
    /// # Errors
    /// When the outbox cannot be read. Entries claimed by then come back when their lease has run out.
    pub async fn run_once(&self) -> Res<usize> {
        let mut carried = 0;
        loop {
            let claimed = self.claim(AT_ONCE).await?;
            if claimed.is_empty() {
                return Ok(carried);
            }
            carried += claimed.len();
            claimed.into_iter().map(|leased| self.carry(leased)).collect::<FuturesUnordered<_>>().count().await;
        }
    }

    /// Carries out what comes due until `pace` says stop. A provider that hangs on one mail holds
    /// up no other. On the first stop the mails under way are waited for; on the second their leases
    /// are given back.
    pub async fn run(&self, pace: &dyn Pace) {
        let mut under_way = FuturesUnordered::new();
        let mut leases = HashMap::new();
        let mut stopping = false;
        let mut exhausted = false;
        loop {
            if !stopping && !exhausted && under_way.len() < AT_ONCE {
                let free = AT_ONCE - under_way.len();
                // Told to the log already; the next signal is the next try.
                let claimed = self.claim(free).await.unwrap_or_default();
                exhausted = claimed.len() < free;
                for leased in claimed {
                    leases.insert(leased.lease.entry, (leased.lease, leased.progress));
                    under_way.push(self.carry(leased));
                }
            }
            if under_way.is_empty() {
                if stopping {
                    return;
                }
                stopping = pace.next().await == Signal::Stop;
                exhausted = false;
                continue;
            }
            match select(under_way.next(), pace.next()).await {
                Either::Left((done, _)) => {
                    if let Some(entry) = done {
                        leases.remove(&entry);
                    }
                }
                Either::Right((Signal::Work, _)) => exhausted = false,
                Either::Right((Signal::Stop, _)) if !stopping => stopping = true,
                Either::Right((Signal::Stop, _)) => break,
            }
        }
        drop(under_way);
        for (lease, progress) in leases.into_values() {
            let now = self.deployment.now();
            let back = Settlement::RetryAt { at: now, progress };
            if let Err(fault) = self.deployment.stores.challenges.settle(lease, back, Vec::new(), now).await {
                tracing::warn!(%fault, "a lease was not given back; it runs out by itself");
            }
        }
    }

    async fn claim(&self, max: usize) -> Res<Vec<Leased>> {
        let claimed = self.deployment.stores.challenges.claim(self.deployment.now(), LEASE, max).await;
        self.down.outbox.note(claimed)
    }

    /// Carries out one entry and settles it; answers which it was.
    async fn carry(&self, leased: Leased) -> i64 {
        let lease = leased.lease;
        // For whoever traces. Its target is its own and its level below what is logged unless asked for.
        let span = tracing::trace_span!(
            target: "otp_core::relay::mail", "mail", otel.kind = "consumer",
            otp.mail_id = %leased.mail.id, otp.failed_tries = leased.progress.tries,
        );
        match self.deliver(leased).instrument(span).await {
            Ok(()) => {}
            // Everything under way meets an outage, which is told of already.
            Err(fault) if fault.kind() == FaultKind::Unavailable => {
                tracing::debug!(%fault, "an entry of the outbox was not settled");
            }
            Err(fault) => {
                tracing::warn!(%fault, cause = ?std::error::Error::source(&fault), "an entry of the outbox was not settled; it comes back when its lease has run out");
            }
        }
        lease.entry
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}
