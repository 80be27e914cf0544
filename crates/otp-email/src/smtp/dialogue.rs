//! The client's side of the dialogue, step by step, so that a refusal is known by what it refused.

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;

use super::config::{Security, SmtpConfig, SmtpConfigError};
use super::trouble::{Step, Trouble};
use crate::mime::Letter;

/// How long one address of the relay may take to accept a connection, so that one of several that is
/// down leaves time for the next.
const CONNECT: Duration = Duration::from_secs(8);

/// When to encrypt.
enum Encryption {
    Never,
    FromTheStart(TlsParameters),
    AfterGreeting(TlsParameters),
}

/// A relay, and how to sign in to it.
pub(super) struct Relay {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    hello: ClientId,
}

impl Relay {
    pub(super) fn new(config: SmtpConfig) -> Result<Self, SmtpConfigError> {
        let tls = || tls(&config.host, config.extra_roots.as_deref());
        let encryption = match config.security {
            Security::None => Encryption::Never,
            Security::ImplicitTls => Encryption::FromTheStart(tls()?),
            Security::StartTls => Encryption::AfterGreeting(tls()?),
        };
        let hello = match config.hello_name {
            // Written as it is into `EHLO`.
            Some(name) if name.is_empty() || !name.bytes().all(|octet| octet.is_ascii_graphic()) => {
                return Err(SmtpConfigError::HelloName);
            }
            Some(name) => ClientId::Domain(name),
            None => ClientId::default(),
        };
        let credentials = config.credentials.as_ref().map(|credentials| {
            let (username, password) = (credentials.username.expose_secret(), credentials.password.expose_secret());
            Credentials::new(username.to_owned(), password.to_owned())
        });
        Ok(Self { host: config.host, port: config.port, encryption, credentials, hello })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Connects, encrypts and signs in.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let implicit = match &self.encryption {
            Encryption::FromTheStart(tls) => Some(tls.clone()),
            Encryption::Never | Encryption::AfterGreeting(_) => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &self.hello, implicit, None)
            .await
            .map_err(|error| Trouble::new(Step::Greeting, &error))?;
        if let Encryption::AfterGreeting(tls) = &self.encryption {
            if !connection.can_starttls() {
                return Err(Trouble::Missing("STARTTLS"));
            }
            let encrypted = connection.starttls(tls.clone(), &self.hello).await;
            encrypted.map_err(|error| Trouble::new(Step::Greeting, &error))?;
        }
        if let Some(credentials) = &self.credentials {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(Trouble::Missing("AUTH PLAIN or LOGIN"));
            }
            let answer = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            expect(Step::Credentials, answer, &[235])?;
        }
        Ok(connection)
    }
}

/// Trusts the public roots and `extra_roots`, and nobody whose certificate does not name `host`.
fn tls(host: &str, extra_roots: Option<&str>) -> Result<TlsParameters, SmtpConfigError> {
    let mut tls = TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::WebpkiRoots);
    if let Some(pem) = extra_roots {
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(SmtpConfigError::Roots);
        }
        tls = tls.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(|_| SmtpConfigError::Roots)?);
    }
    tls.build_rustls().map_err(|_| SmtpConfigError::Roots)
}

/// Names the sender.
pub(super) async fn sender(connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), Trouble> {
    let mut parameters = Vec::new();
    let beyond_ascii = |address: &lettre::Address| !AsRef::<str>::as_ref(address).is_ascii();
    if beyond_ascii(&letter.from) || beyond_ascii(&letter.to) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(if beyond_ascii(&letter.from) { Trouble::Missing("SMTPUTF8") } else { Trouble::NeedsSmtpUtf8 });
        }
        // The address stands in a header too, as UTF-8.
        parameters = vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
    }
    let answer = connection.command(Mail::new(Some(letter.from.clone()), parameters)).await;
    expect(Step::Sender, answer, &[250])
}

/// Names the recipient and sends the text.
pub(super) async fn recipient_and_content(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
) -> Result<(), Trouble> {
    let answer = connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await;
    expect(Step::Recipient, answer, &[250, 251])?;
    expect(Step::Content, connection.command(Data).await, &[354])?;
    expect(Step::Content, connection.command(Dotted(&letter.content)).await, &[250])
}

/// A text with the dot behind it that ends it, and its own dots doubled where they begin a line (RFC 5321,
/// section 4.5.2). One piece, to be written at once: lettre writes the last dot by itself, and on most
/// systems that waits 40 ms, until what went before is acknowledged.
struct Dotted<'a>(&'a str);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
        }
        f.write_str(".\r\n")
    }
}

/// Only the code that belongs to this step is a yes. With answers read one step late, every mail would
/// be taken by the answer to what came before it.
fn expect(step: Step, answer: Result<Response, lettre::transport::smtp::Error>, codes: &[u16]) -> Result<(), Trouble> {
    let code = u16::from(answer.map_err(|error| Trouble::new(step, &error))?.code());
    if codes.contains(&code) { Ok(()) } else { Err(Trouble::OutOfStep(step, code)) }
}
