//! A mail as it arrived, and what a mail program would read out of it.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

/// A mail a sink has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SunkMail {
    /// The envelope's sender (`MAIL FROM`), empty for bounces.
    pub from: String,
    /// The envelope's recipients (`RCPT TO`).
    pub to: Vec<String>,
    /// The octets between `DATA` and the final dot, dots unstuffed.
    pub raw: Vec<u8>,
    /// Every header in order, unfolded, as sent.
    pub headers: Vec<(String, String)>,
    /// The subject, decoded (RFC 2047).
    pub subject: String,
    /// Name and address of the `From` header, decoded.
    pub sender: (Option<String>, String),
    /// The types of the leaf parts, in order.
    pub part_types: Vec<String>,
    /// The plain text, decoded; its lines end in `\n`.
    pub text: String,
    /// The HTML, decoded; its lines end in `\n`.
    pub html: String,
    /// Who signed in to send it.
    pub authenticated: Option<String>,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

impl SunkMail {
    pub(super) fn new(from: String, to: Vec<String>, raw: Vec<u8>) -> Self {
        let message = MessageParser::default().parse(&raw).unwrap_or_default();
        let leaves = || message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_)));
        Self {
            headers: message.headers_raw().map(|(name, value)| (name.to_owned(), unfolded(value))).collect(),
            subject: message.subject().unwrap_or_default().to_owned(),
            sender: sender(&message),
            part_types: leaves()
                .filter_map(|part| part.content_type())
                .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
                .collect(),
            text: leaves()
                .find_map(
                    |part| if let PartType::Text(text) = &part.body { Some(text.replace("\r\n", "\n")) } else { None },
                )
                .unwrap_or_default(),
            html: leaves()
                .find_map(
                    |part| if let PartType::Html(html) = &part.body { Some(html.replace("\r\n", "\n")) } else { None },
                )
                .unwrap_or_default(),
            from,
            to,
            authenticated: None,
            encrypted: false,
            raw,
        }
    }

    /// The value of the first header of that name, as sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the envelope names `address`, whatever the case of ASCII letters.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }

    /// The code it carries: the line of the text that is nothing but 6 to 12 digits.
    pub fn code(&self) -> Option<&str> {
        otp_core::mail::code_in(&self.text)
    }
}

fn sender(message: &Message<'_>) -> (Option<String>, String) {
    let first = message.from().and_then(|from| from.first());
    let name = first.and_then(|address| address.name()).map(str::to_owned);
    (name, first.and_then(|address| address.address()).unwrap_or_default().to_owned())
}

/// A header's value on one line (RFC 5322, section 2.2.3).
fn unfolded(value: &str) -> String {
    value.replace("\r\n", "").trim().to_owned()
}
