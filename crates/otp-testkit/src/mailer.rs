//! A mailer that sends nothing and remembers everything.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use tokio::sync::watch;

/// Records each mail it is asked to send, and answers as scripted; beyond the script, `Sent`.
#[derive(Debug, Default)]
pub struct RecordingMailer {
    script: Mutex<VecDeque<Delivery>>,
    mails: watch::Sender<Vec<OutgoingMail>>,
}

impl RecordingMailer {
    /// A mailer that takes every mail.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the sends to come with `deliveries`, one each, after those scripted before.
    pub fn script(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        self.scripted().extend(deliveries);
    }

    /// Every mail it was asked to send, whatever it answered, in the order of the calls.
    pub fn mails(&self) -> Vec<OutgoingMail> {
        self.mails.borrow().clone()
    }

    /// Waits until it was asked to send `count` mails in all; answers all there are by then.
    pub async fn wait_for(&self, count: usize) -> Vec<OutgoingMail> {
        let mut recorded = self.mails.subscribe();
        let enough = recorded.wait_for(|mails| mails.len() >= count).await;
        // Waiting fails only once the sender is gone, and the sender is part of `self`.
        enough.map(|mails| mails.clone()).unwrap_or_default()
    }

    fn scripted(&self) -> std::sync::MutexGuard<'_, VecDeque<Delivery>> {
        // Pushing and popping cannot stop halfway, so a poisoned queue is still whole.
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for RecordingMailer {
    async fn send(&self, mail: &OutgoingMail, _now: Timestamp) -> Delivery {
        let delivery = self.scripted().pop_front().unwrap_or(Delivery::Sent);
        self.mails.send_modify(|mails| mails.push(mail.clone()));
        delivery
    }

    async fn check(&self, _now: Timestamp) -> Result<(), MailTrouble> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{NOW, Samples};

    #[tokio::test]
    async fn it_answers_as_scripted_and_records_all() {
        let (mailer, samples) = (RecordingMailer::new(), Samples::seeded(1));
        mailer.script([Delivery::Transient, Delivery::BadRecipient]);
        let mails = [samples.outgoing_mail(), samples.outgoing_mail(), samples.outgoing_mail()];
        let mut answers = Vec::new();
        for mail in &mails {
            answers.push(mailer.send(mail, NOW).await);
        }
        assert_eq!(answers, [Delivery::Transient, Delivery::BadRecipient, Delivery::Sent]);
        assert_eq!(mailer.mails(), mails);
    }

    #[tokio::test]
    async fn who_waits_is_woken_by_the_last_mail_he_waits_for() {
        let (mailer, samples) = (RecordingMailer::new(), Samples::seeded(1));
        let (first, second) = (samples.outgoing_mail(), samples.outgoing_mail());
        let waiting = async { mailer.wait_for(2).await.len() };
        let sending = async {
            mailer.send(&first, NOW).await;
            tokio::task::yield_now().await;
            mailer.send(&second, NOW).await
        };
        let (seen, _) = tokio::join!(waiting, sending);
        assert_eq!(seen, 2);
    }
}
