//! Why a mail was not taken, and what that means for it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use lettre::transport::smtp::Error;
use otp_core::port::Delivery;

/// What the server was asked when it said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// To talk to us at all.
    Greeting,
    /// To let us in.
    Credentials,
    /// To take mail from this sender.
    Sender,
    /// To take mail for this recipient.
    Recipient,
    /// To take this text.
    Content,
}

/// Subject and detail of an enhanced status code (RFC 3463): the second and third number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Enhanced {
    subject: u16,
    detail: u16,
}

/// Why a mail was not taken. Shows codes and steps, never the server's words, which quote addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server said no.
    Refused { step: Step, code: u16, enhanced: Option<Enhanced> },
    /// The server said something that is no answer to what it was asked.
    OutOfStep(Step, u16),
    /// The connection could not be made, or broke, or carried no SMTP.
    BrokenLine(String),
    /// The server cannot prove who it is, or speaks no TLS we would.
    Untrusted(String),
    /// The server does not offer what we cannot do without.
    Missing(&'static str),
    /// The server cannot be told this recipient's address.
    NeedsSmtpUtf8,
    /// No answer in time.
    Late,
}

impl Trouble {
    /// What `error`, met at `step`, tells of.
    pub(super) fn new(step: Step, error: &Error) -> Self {
        if let Some(code) = error.status() {
            let words = error.source().map(ToString::to_string).unwrap_or_default();
            return Self::Refused { step, code: code.into(), enhanced: Enhanced::of(&words) };
        }
        match tls_error(error) {
            Some(tls) if is_mistrust(tls) => Self::Untrusted(tls.to_string()),
            Some(tls) => Self::BrokenLine(tls.to_string()),
            // What the server sent may stand in an error of its reading; what the system says may not.
            None if error.is_response() => Self::BrokenLine("no SMTP reply".to_owned()),
            None => Self::BrokenLine(root(error).to_string()),
        }
    }

    /// Whether the server has answered, and listens on.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::NeedsSmtpUtf8 | Self::Missing(_))
            || matches!(self, Self::Refused { code, .. } if *code != 421)
    }

    /// Whether the connection is dead, or about to be: with 421 the server hangs up.
    pub(super) fn is_broken_line(&self) -> bool {
        matches!(self, Self::BrokenLine(_) | Self::OutOfStep(..) | Self::Refused { code: 421, .. })
    }

    /// What it means for the mail.
    pub(super) fn delivery(&self) -> Delivery {
        match self {
            Self::Refused { step, code, enhanced } => refused(*step, *code, *enhanced),
            Self::OutOfStep(..) | Self::BrokenLine(_) | Self::Late => Delivery::Transient,
            Self::Untrusted(_) | Self::Missing(_) => Delivery::RejectedConfig,
            Self::NeedsSmtpUtf8 => Delivery::BadRecipient,
        }
    }
}

/// What a reply of 4xx or 5xx means. The enhanced code, where there is one, says more than the plain one:
/// 550 may be about the recipient (5.1.1) or about us (5.7.1, relaying denied).
fn refused(step: Step, code: u16, enhanced: Option<Enhanced>) -> Delivery {
    let subject = enhanced.map(|enhanced| enhanced.subject);
    let about_recipient = match (step, subject) {
        // Its address – but 7 and 8 are about the sender's – and its mailbox.
        (Step::Recipient | Step::Content, Some(1)) => !enhanced.is_some_and(|it| matches!(it.detail, 7 | 8)),
        (Step::Recipient | Step::Content, Some(2)) => true,
        // Policy: whom they relay for.
        (Step::Recipient, Some(7)) => false,
        (Step::Recipient, _) => matches!(code, 550..=553 | 556),
        (Step::Greeting | Step::Credentials | Step::Sender | Step::Content, _) => false,
    };
    match code {
        421 => Delivery::Throttled(None),
        // A full mailbox: RFC 5321, section 4.5.3.1.10 has 552 read as 452 here.
        552 if about_recipient && !matches!(subject, Some(1 | 2)) => Delivery::Transient,
        500.. if about_recipient => Delivery::BadRecipient,
        500.. => Delivery::RejectedConfig,
        _ if about_recipient => Delivery::Transient,
        452 => Delivery::Throttled(None),
        // Before the mail 454 says that TLS or the password check is down for a moment; from then on it limits rates.
        454 if !matches!(step, Step::Greeting | Step::Credentials) => Delivery::Throttled(None),
        // At the recipient 4.7.1 is greylisting: it is about that recipient, and passes by itself.
        _ if subject == Some(7) && step != Step::Recipient => Delivery::Throttled(None),
        _ => Delivery::Transient,
    }
}

impl Enhanced {
    /// The enhanced code a reply's words begin with (RFC 2034, section 4).
    fn of(words: &str) -> Option<Self> {
        let mut numbers = words.split_ascii_whitespace().next()?.split('.').map(str::parse);
        let (Some(Ok(4 | 5)), Some(Ok(subject)), Some(Ok(detail)), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return None;
        };
        Some(Self { subject, detail })
    }
}

/// Whether trying again would meet the same: the certificate, the versions spoken, a port without TLS.
fn is_mistrust(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::UnsupportedNameType
            | rustls::Error::PeerIncompatible(_)
            | rustls::Error::InvalidMessage(_)
    )
}

/// The TLS error within `error`. It travels inside an [`io::Error`], which hides it from `source`.
fn tls_error(error: &Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| {
        let within = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        within.and_then(|within| within.downcast_ref()).or_else(|| cause.downcast_ref())
    })
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn StdError + 'static)| (*cause).source())
}

/// The cause behind all causes: what the system, not lettre, says.
fn root(error: &Error) -> &dyn fmt::Display {
    match causes(error).last() {
        Some(cause) => cause as &dyn fmt::Display,
        None => error,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { step, code, enhanced } => {
                write!(f, "the server refused {step} ({code}")?;
                if let Some(Enhanced { subject, detail }) = enhanced {
                    write!(f, " {}.{subject}.{detail}", code / 100)?;
                }
                f.write_str(")")
            }
            Self::OutOfStep(step, code) => write!(f, "the server answered {code} to {step}"),
            Self::BrokenLine(why) => write!(f, "no connection to the server: {why}"),
            Self::Untrusted(why) => write!(f, "the server is not trusted: {why}"),
            Self::Missing(what) => write!(f, "the server does not offer {what}"),
            Self::NeedsSmtpUtf8 => {
                f.write_str("the server does not offer SMTPUTF8, which the recipient's address needs")
            }
            Self::Late => f.write_str("the server did not answer in time"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "to talk",
            Self::Credentials => "the credentials",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Content => "the content",
        })
    }
}
