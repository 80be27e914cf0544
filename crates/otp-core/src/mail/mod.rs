//! Mail as it is handed to a provider.

mod compose;
mod texts;

pub use compose::{compose, escape_html};

use std::fmt;

use crate::email::EmailAddress;
use crate::id::MailId;
use crate::locale::Locale;

/// Who a mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name shown. No control characters.
    pub name: String,
    /// The address it is sent from.
    pub address: EmailAddress,
}

/// One mail to one recipient, composed. Its texts are hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Names it, the same over all its tries; becomes its `Message-ID`.
    pub id: MailId,
    /// Who it is from.
    pub from: Sender,
    /// Who it is for.
    pub to: EmailAddress,
    /// Its subject, on one line.
    pub subject: String,
    /// Its plain text. Lines end in `\n`; a mailer encodes it so that no line can end the message.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// The language it is written in.
    pub locale: Locale,
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("id", &self.id).finish_non_exhaustive()
    }
}
