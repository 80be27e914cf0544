//! Mail as it is handed to a provider.

mod account;
mod code;
mod escape;
mod frame;
mod sample;
mod texts;

pub(crate) use account::{account_exists, notice, signup};
pub(crate) use code::code;
pub use escape::escape_html;
pub use sample::{Sample, UnknownSample};

use std::fmt;

use crate::code::LENGTHS;
use crate::email::EmailAddress;
use crate::id::MailId;
use crate::locale::Locale;

/// The code in the text of a mail of the service: it stands alone on its line.
pub fn code_in(text: &str) -> Option<&str> {
    let is_code = |line: &&str| {
        let length = u8::try_from(line.len()).unwrap_or(u8::MAX);
        LENGTHS.contains(&length) && line.bytes().all(|octet| octet.is_ascii_digit())
    };
    text.lines().map(str::trim).find(is_code)
}

/// Who a mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name shown. No control characters.
    pub name: String,
    /// The address it is sent from.
    pub address: EmailAddress,
}

/// One mail to one recipient, not composed yet.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) id: MailId,
    pub(crate) from: Sender,
    pub(crate) to: EmailAddress,
    pub(crate) locale: Locale,
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

impl OutgoingMail {
    /// A mail of `kind` with made-up contents. Its link, if it has one, is below `public_url`; neither that nor its
    /// code opens anything.
    pub fn sample(kind: Sample, id: MailId, from: Sender, to: EmailAddress, locale: Locale, public_url: &str) -> Self {
        kind.composed(Envelope { id, from, to, locale }, public_url)
    }
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("id", &self.id).finish_non_exhaustive()
    }
}
