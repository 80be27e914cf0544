//! Mailers: adapters of otp-core's port [`Mailer`](otp_core::port::Mailer).
//!
//! | mailer | feature | sends |
//! |---|---|---|
//! | [`Smtp`] | `smtp` | through any SMTP relay, encrypted by rustls |
//! | [`Inbox`] | `inbox` | into memory, for development, examples and tests |
//! | [`Failover`] | – | through the first of several that takes the mail |
//!
//! ```
//! use otp_core::email::EmailAddress;
//! use otp_core::id::MailId;
//! use otp_core::locale::Locale;
//! use otp_core::mail::{OutgoingMail, Sender};
//! use otp_core::port::{Delivery, Mailer};
//! use otp_core::time::Timestamp;
//! use otp_email::Inbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ada = EmailAddress::parse("ada@example.org")?;
//! let mail = OutgoingMail {
//!     id: MailId::from_u128(1),
//!     from: Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example")? },
//!     to: ada.clone(),
//!     subject: "Your code".into(),
//!     text: "Enter this code:\n\n012345678\n".into(),
//!     html: "<p>Enter this code: 012345678</p>".into(),
//!     locale: Locale::En,
//! };
//!
//! let inbox = Inbox::new();
//! assert_eq!(inbox.send(&mail, Timestamp::from_millis(0)).await, Delivery::Sent);
//! assert_eq!(inbox.list(Some(&ada))[0].code.as_deref(), Some("012345678"));
//! # Ok(())
//! # }
//! ```
//!
//! In production the same port is a relay, or a chain of them:
//!
//! ```
//! # use std::sync::Arc;
//! # use otp_core::port::Mailer;
//! # use otp_email::{Failover, Smtp, SmtpConfig};
//! # fn mailers() -> Result<Failover, otp_email::SmtpConfigError> {
//! let first = Smtp::new(SmtpConfig::from_url("smtp://user:password@relay.example:587")?)?;
//! let second = Smtp::new(SmtpConfig::from_url("smtps://user:password@other.example")?)?;
//! let chain: [(String, Arc<dyn Mailer>); 2] = [("relay".into(), Arc::new(first)), ("other".into(), Arc::new(second))];
//! # Ok(
//! Failover::new(chain)
//! # )
//! # }
//! ```
//!
//! # Adding a provider
//!
//! 1. A module of its own, behind a feature of its own that brings its dependencies, with one type that
//!    implements [`Mailer`](otp_core::port::Mailer). It is given the mail composed and the time; it composes
//!    nothing and asks no clock.
//! 2. Map every answer of the provider to one [`Delivery`](otp_core::port::Delivery) in one exhaustive function
//!    with a table of tests. In doubt about whose fault a refusal is: `BadRecipient` is final and loses the
//!    mail, `Transient` only delays it.
//! 3. Give `mail.id` to the provider as idempotency key, or as `Message-ID` where it takes whole messages.
//! 4. Keep a deadline of your own below the port's, and let a send that is dropped halfway leave nothing
//!    behind that the next would trip over: [`Failover`] drops sends that take too long.
//! 5. Neither addresses nor texts nor credentials in logs, errors or `Debug`: providers quote them in their answers.
//! 6. Show the contract of the port in `tests/email` against a server that is as strict as the provider.

mod failover;
#[cfg(feature = "inbox")]
mod inbox;
#[cfg(feature = "smtp")]
mod mime;
#[cfg(feature = "smtp")]
mod smtp;

pub use failover::Failover;
#[cfg(feature = "inbox")]
pub use inbox::{Inbox, InboxMail};
#[cfg(feature = "smtp")]
pub use smtp::{Credentials, Security, Smtp, SmtpConfig, SmtpConfigError};
