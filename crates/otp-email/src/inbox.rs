//! A mailbox in memory: where mail goes in development.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::email::EmailAddress;
use otp_core::id::MailId;
use otp_core::mail::{OutgoingMail, Sender, code_in};
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::watch;
use tokio::time::timeout;

/// How many mails are kept; the oldest make room.
const KEPT: usize = 500;

/// A mail in an [`Inbox`]. Hidden from `Debug`: it holds an address and a code.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxMail {
    /// Its id, the same over all tries.
    pub id: MailId,
    /// Who it is for.
    #[serde(serialize_with = "as_mailbox")]
    pub to: EmailAddress,
    /// Who it is from; in JSON `Name <address>`.
    #[serde(serialize_with = "as_name_and_mailbox")]
    pub from: Sender,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// The code it carries: the line of the text that is nothing but 6 to 12 digits.
    pub code: Option<String>,
    /// When it came; in JSON RFC 3339.
    #[serde(serialize_with = "as_rfc_3339")]
    pub received_at: Timestamp,
}

fn as_mailbox<S: Serializer>(address: &EmailAddress, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(address.mailbox())
}

fn as_name_and_mailbox<S: Serializer>(sender: &Sender, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{} <{}>", sender.name, sender.address.mailbox()))
}

fn as_rfc_3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl fmt::Debug for InboxMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxMail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Takes every mail, keeps the last 500, and shows them to whoever asks. Never for production.
#[derive(Default)]
pub struct Inbox {
    mails: watch::Sender<VecDeque<InboxMail>>,
}

impl Inbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The mails to `to`, in whatever spelling, or all; the newest first.
    pub fn list(&self, to: Option<&EmailAddress>) -> Vec<InboxMail> {
        self.mails.borrow().iter().filter(|mail| is_to(mail, to)).cloned().collect()
    }

    /// As [`list`](Self::list), but while there is none waits for one, up to `up_to`.
    pub async fn wait(&self, to: Option<&EmailAddress>, up_to: Duration) -> Vec<InboxMail> {
        let mut changes = self.mails.subscribe();
        let first = changes.wait_for(|mails| mails.iter().any(|mail| is_to(mail, to)));
        // Too late means an empty list, which is the answer then.
        drop(timeout(up_to, first).await);
        self.list(to)
    }
}

fn is_to(mail: &InboxMail, to: Option<&EmailAddress>) -> bool {
    to.is_none_or(|to| mail.to.canonical() == to.canonical())
}

#[async_trait]
impl Mailer for Inbox {
    async fn send(&self, mail: &OutgoingMail, now: Timestamp) -> Delivery {
        let mail = InboxMail {
            id: mail.id,
            to: mail.to.clone(),
            from: mail.from.clone(),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            html: mail.html.clone(),
            code: code_in(&mail.text).map(str::to_owned),
            received_at: now,
        };
        self.mails.send_modify(|mails| {
            mails.push_front(mail);
            mails.truncate(KEPT);
        });
        Delivery::Sent
    }

    async fn check(&self, _now: Timestamp) -> Result<(), MailTrouble> {
        Ok(())
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("mails", &self.mails.borrow().len()).finish()
    }
}
