//! Whether mail can go out, asked of the provider at most once in a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use otp_core::port::Mailer;
use otp_core::time::Timestamp;
use tokio::sync::Mutex;

use super::{Check, Health};

/// How long an answer is given again.
const FRESH: Duration = Duration::from_secs(5);

/// Asks the mailer how it is, however many ask at once, at most every five seconds.
pub(crate) struct MailProbe {
    mailer: Arc<dyn Mailer>,
    last: Arc<Mutex<Option<(Timestamp, Check)>>>,
}

impl MailProbe {
    pub(crate) fn new(mailer: Arc<dyn Mailer>) -> Self {
        Self { mailer, last: Arc::default() }
    }

    /// How the mailer is at `now`, or was a moment ago.
    pub(crate) async fn check(&self, now: Timestamp) -> Check {
        let begun = Instant::now();
        let (mailer, last) = (self.mailer.clone(), self.last.clone());
        // A task of its own: a caller who hangs up must not abort the question, or every call that
        // hangs up would reach the mail server.
        let asked = tokio::spawn(async move {
            let mut last = last.lock().await;
            match *last {
                // A clock that stepped back makes an answer stale, not fresh for ever.
                Some((at, check)) if at <= now && now < at.plus(FRESH) => check,
                Some(_) | None => {
                    let check = ask(&*mailer, now).await;
                    *last = Some((now, check));
                    check
                }
            }
        });
        asked.await.unwrap_or_else(|_| Check::new(Health::Degraded, begun))
    }
}

async fn ask(mailer: &dyn Mailer, now: Timestamp) -> Check {
    let begun = Instant::now();
    let status = match mailer.check(now).await {
        Ok(()) => Health::Healthy,
        Err(trouble) => {
            tracing::warn!(%trouble, "mail cannot go out");
            Health::Degraded
        }
    };
    Check::new(status, begun)
}
