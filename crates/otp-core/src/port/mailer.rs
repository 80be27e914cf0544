//! Mail providers.

use std::time::Duration;

use async_trait::async_trait;

use crate::mail::OutgoingMail;
use crate::time::Timestamp;

/// What became of one try to send a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The provider took it.
    Sent,
    /// The provider asks for a pause; this long, if it says.
    Throttled(Option<Duration>),
    /// It may work later.
    Transient,
    /// This recipient cannot get mail.
    BadRecipient,
    /// The provider does not accept us: credentials, sender, account.
    RejectedConfig,
}

/// Why a provider would not take mail now; for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MailTrouble(pub String);

/// Sends mail.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Tries once to hand `mail` over; answers within 30 seconds, whatever the other side does.
    ///
    /// # Contract
    /// 1. MUST carry `mail.id` as message id, the same on every try (`a_mail_keeps_its_id`).
    /// 2. MUST deliver exactly one message to exactly one recipient, whatever the texts hold (`one_message_for_one_mail`).
    async fn send(&self, mail: &OutgoingMail, now: Timestamp) -> Delivery;

    /// Whether the provider would take mail now, without sending any; answers within 5 seconds.
    ///
    /// # Errors
    /// [`MailTrouble`] when it would not.
    async fn check(&self, now: Timestamp) -> Result<(), MailTrouble>;
}
