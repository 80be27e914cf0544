//! A chain of providers: when one does not take a mail, the next is asked.

mod breaker;
mod tally;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use tokio::time::{Instant, timeout, timeout_at};

use breaker::{Admission, Breaker};

/// How long all tries of one mail may take together; the port allows 30 seconds.
const SEND_DEADLINE: Duration = Duration::from_secs(29);
/// How much of that is kept for asking a failing provider how it is.
const CHECK_DEADLINE: Duration = Duration::from_millis(4800);
/// How long a provider is left alone that asks for a pause and does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(10);

/// Sends through the first provider of a chain that takes the mail.
///
/// - `Sent` and `BadRecipient` are final. After `Throttled`, `Transient` and `RejectedConfig` the next is
///   asked, with the same mail: should two have taken it, both messages carry the same id. What is left
///   of the time is shared evenly among the providers not asked yet, so one that hangs leaves time for the rest.
/// - When none takes it, the answer is the one that promises most: `Transient` if any said so or is
///   skipped as broken, since the next try may reach it; else `Throttled`, with the shortest pause; else
///   `RejectedConfig`, which says that every one of them refuses us.
/// - A throttled provider is not asked again until its pause is over: 10 seconds if it did not say.
/// - After five failures in a row a provider is [checked](Mailer::check). If it is unwell it is skipped for
///   a second, then tried with one mail, and skipped for twice as long each time that fails too, up to 8
///   seconds. If it is well, the failures were about those recipients: were it skipped for them, whoever
///   asks for codes to five unreachable addresses could stop everybody's mail.
///
/// An empty chain rejects everything.
pub struct Failover {
    providers: Vec<Provider>,
}

struct Provider {
    name: String,
    mailer: Arc<dyn Mailer>,
    breaker: Mutex<Breaker>,
}

impl Failover {
    /// A chain of named providers, asked in this order. The names are for logs, counts and checks.
    pub fn new(chain: impl IntoIterator<Item = (String, Arc<dyn Mailer>)>) -> Self {
        let providers = chain.into_iter().map(|(name, mailer)| {
            tally::begin(&name);
            Provider { name, mailer, breaker: Mutex::default() }
        });
        Self { providers: providers.collect() }
    }

    /// [Checks](Mailer::check) each provider by itself, all at once; answers with their names, in order.
    pub async fn check_each(&self, now: Timestamp) -> Vec<(&str, Result<(), MailTrouble>)> {
        let checks = self.providers.iter().map(|provider| async move {
            let done = timeout(CHECK_DEADLINE, provider.mailer.check(now)).await;
            (provider.name.as_str(), done.unwrap_or_else(|_| Err(MailTrouble("no answer in time".to_owned()))))
        });
        join_all(checks).await
    }

    /// [Sends](Mailer::send), and tells what each provider has answered that was asked, by its name, in order. What
    /// became of the mail is the first answer.
    pub async fn send_telling(&self, mail: &OutgoingMail, now: Timestamp) -> (Delivery, Vec<(&str, Delivery)>) {
        let end = Instant::now() + SEND_DEADLINE;
        let (mut answer, mut told) = (Delivery::RejectedConfig, Vec::with_capacity(1));
        for (place, provider) in self.providers.iter().enumerate() {
            let left = u32::try_from(self.providers.len() - place).unwrap_or(u32::MAX);
            let share = (end - CHECK_DEADLINE).saturating_duration_since(Instant::now()) / left;
            let delivery = provider.send(mail, now, share, end).await;
            told.push((provider.name.as_str(), delivery.clone()));
            if matches!(delivery, Delivery::Sent | Delivery::BadRecipient) {
                return (delivery, told);
            }
            answer = hopeful(delivery, answer);
        }
        (answer, told)
    }
}

impl Provider {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // Every change of a breaker is one call, so a panic elsewhere has not left it halfway.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands `mail` over, unless the breaker says that it is no use.
    async fn send(&self, mail: &OutgoingMail, now: Timestamp, share: Duration, end: Instant) -> Delivery {
        let pass = match self.breaker().admit(now) {
            Admission::Pass(pass) => pass,
            Admission::Paused(left) => return Delivery::Throttled(Some(left)),
            Admission::Broken => return Delivery::Transient,
        };
        let begun = Instant::now();
        let delivery = timeout(share, self.mailer.send(mail, now)).await.unwrap_or(Delivery::Transient);
        tally::tried(&self.name, &delivery);
        let later = || now.plus(begun.elapsed());
        match &delivery {
            Delivery::Sent | Delivery::BadRecipient => self.breaker().worked(),
            Delivery::Throttled(pause) => self.breaker().throttled(later(), pause.unwrap_or(DEFAULT_PAUSE)),
            Delivery::Transient | Delivery::RejectedConfig => {
                if self.breaker().failed(pass) {
                    let check = timeout_at(end, timeout(CHECK_DEADLINE, self.mailer.check(later()))).await;
                    if matches!(check, Ok(Ok(Ok(())))) {
                        self.breaker().worked();
                    } else {
                        self.breaker().broke(pass, later());
                        tracing::warn!(provider = %self.name, "mail provider is unwell, skipped for a while");
                    }
                }
            }
        }
        if delivery != Delivery::Sent {
            tracing::info!(provider = %self.name, outcome = ?delivery, "mail provider did not take a mail");
        }
        delivery
    }
}

/// Of two answers of providers that did not take a mail, the one that promises more.
fn hopeful(one: Delivery, other: Delivery) -> Delivery {
    match (&one, &other) {
        (Delivery::Transient, _) | (_, Delivery::RejectedConfig) => one,
        (_, Delivery::Transient) | (Delivery::RejectedConfig, _) => other,
        (Delivery::Throttled(this), Delivery::Throttled(that)) => {
            Delivery::Throttled(Some(this.unwrap_or(DEFAULT_PAUSE).min(that.unwrap_or(DEFAULT_PAUSE))))
        }
        // Final ones are never compared.
        (Delivery::Sent | Delivery::BadRecipient, _) => one,
        (_, Delivery::Sent | Delivery::BadRecipient) => other,
    }
}

#[async_trait]
impl Mailer for Failover {
    async fn send(&self, mail: &OutgoingMail, now: Timestamp) -> Delivery {
        self.send_telling(mail, now).await.0
    }

    /// Well if any of the chain is.
    async fn check(&self, now: Timestamp) -> Result<(), MailTrouble> {
        let checks = self.check_each(now).await;
        if checks.iter().any(|(_, check)| check.is_ok()) {
            return Ok(());
        }
        let troubles: Vec<String> =
            checks.into_iter().filter_map(|(name, check)| Some(format!("{name}: {}", check.err()?))).collect();
        Err(MailTrouble(if troubles.is_empty() {
            "no mail provider is set up".to_owned()
        } else {
            troubles.join("; ")
        }))
    }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers.iter().map(|provider| &provider.name)).finish()
    }
}
