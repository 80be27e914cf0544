//! A mail as the octets that go over the wire (RFC 5322, RFC 2045).

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue, Headers, MIME_VERSION_1_0, MessageId, Subject,
};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart, header};
use otp_core::email::EmailAddress;
use otp_core::mail::OutgoingMail;
use otp_core::time::Timestamp;

/// Longest name or subject in characters. What is longer is cut: a line of a header may not exceed
/// 998 octets (RFC 5322, section 2.1.1), and a single long word cannot be folded.
const MAX_HEADER_CHARS: usize = 250;
/// The last second an HTTP date, and so the `Date` header, can hold: the end of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// One mail, ready for the wire.
pub(crate) struct Letter {
    /// The envelope's sender.
    pub(crate) from: Address,
    /// The envelope's recipient.
    pub(crate) to: Address,
    /// Headers and body. Every line is short, ends in CRLF and holds no other CR or LF.
    pub(crate) content: String,
}

impl Letter {
    /// Writes `mail`, sent at `now`. The same mail at the same time is the same letter.
    pub(crate) fn new(mail: &OutgoingMail, now: Timestamp) -> Self {
        let from = address(&mail.from.address);
        let to = address(&mail.to);
        let name = Some(one_line(&mail.from.name)).filter(|name| !name.is_empty());

        let mut headers = Headers::new();
        headers.set(header::From::from(lettre::message::Mailboxes::from(Mailbox::new(name, from.clone()))));
        headers.set(header::To::from(lettre::message::Mailboxes::from(Mailbox::new(None, to.clone()))));
        headers.set(Subject::from(one_line(&mail.subject)));
        headers.set(Date::new(date(now)));
        headers.set(MessageId::from(format!("<{}@{}>", mail.id, mail.from.address.domain())));
        // RFC 3834, section 5, and what Exchange wants besides: nobody's absence note answers a code.
        for (name, value) in [
            (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"),
            (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All"),
            (HeaderName::new_from_ascii_str("Content-Language"), mail.locale.as_str()),
        ] {
            headers.insert_raw(HeaderValue::new(name, value.to_owned()));
        }
        headers.set(MIME_VERSION_1_0);

        let parts = alternatives(mail).formatted();
        // Headers are UTF-8, and what is quoted-printable is ASCII.
        let content = format!("{headers}{}", String::from_utf8_lossy(&parts));
        Self { from, to, content }
    }
}

/// The text, then the HTML: programs show the last alternative they can (RFC 2046, section 5.1.4).
fn alternatives(mail: &OutgoingMail) -> MultiPart {
    // Quoted-printable never writes `=_`, so no text can hold the boundary (RFC 2045, section 6.7).
    MultiPart::alternative()
        .boundary(format!("=_{}", mail.id))
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.html))
}

/// `text`, always quoted-printable: a CR or LF in it that is not a line's end would, sent as it is, let
/// the text end the message and begin another in the eyes of some servers.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let encoding = ContentTransferEncoding::QuotedPrintable;
    // The only encodings that can fail are those that leave text as it is.
    let body = Body::new_with_encoding(text, encoding).unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
}

/// `text` as it may stand in a header: no control character, so no second header; and not too long.
fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    match text.char_indices().nth(MAX_HEADER_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// lettre's own parser refuses some letters beyond ASCII; this address has been parsed by ours.
fn address(address: &EmailAddress) -> Address {
    let mailbox = address.mailbox();
    let (local, domain) = mailbox.split_once('@').unwrap_or((mailbox, ""));
    Address::new_dangerous(local, domain)
}

/// Held within what a date can be, because lettre panics beyond.
fn date(now: Timestamp) -> SystemTime {
    let seconds = u64::try_from(now.as_seconds()).unwrap_or(0).min(LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
