//! Which relay, and how to reach it.

use secrecy::SecretString;

/// How the connection to a relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `STARTTLS`, and no mail without it (RFC 3207). Usually port 587.
    StartTls,
    /// TLS from the first octet (RFC 8314). Usually port 465.
    ImplicitTls,
    /// Not at all: credentials and codes can be read on the way. For a relay on this machine.
    None,
}

/// What to sign in with, by `AUTH PLAIN` or `AUTH LOGIN`.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Often an email address, so hidden too.
    pub username: SecretString,
    /// The password.
    pub password: SecretString,
}

/// One relay.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Name or IP address, without brackets. Its certificate has to name it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub security: Security,
    /// Credentials, if it wants any.
    pub credentials: Option<Credentials>,
    /// Certificates (PEM) trusted as roots besides the public ones.
    pub extra_roots: Option<String>,
    /// What to say in `EHLO` instead of this machine's host name.
    pub hello_name: Option<String>,
}

impl SmtpConfig {
    /// Reads `smtp://user:pass@host:587` (`STARTTLS` required), `smtps://host:465` (TLS from the start)
    /// or `smtp://host:25?tls=none`. The ports shown are what is taken when none is given. User and
    /// password are percent-encoded.
    ///
    /// # Errors
    /// [`SmtpConfigError`], which shows no part of `url`.
    pub fn from_url(url: &str) -> Result<Self, SmtpConfigError> {
        super::url::parse(url)
    }
}

/// The settings of a relay do not make sense. Shows nothing of them: the password stands among them,
/// and where a URL is written wrong it may stand anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpConfigError {
    /// Not of the form asked for.
    #[error(
        "not an SMTP URL: write smtp://user:password@host:587, with @ : / ? # % in user and password percent-encoded"
    )]
    Url,
    /// Another scheme.
    #[error("the scheme of an SMTP URL is smtp (STARTTLS) or smtps (TLS from the start)")]
    Scheme,
    /// No host, or one beyond ASCII.
    #[error("an SMTP URL names a host, in ASCII")]
    Host,
    /// A path or fragment.
    #[error(
        "nothing but ?tls=none may follow the port of an SMTP URL; is a / or # in the password not percent-encoded?"
    )]
    Path,
    /// Another member than `tls=none`.
    #[error("the one member an SMTP URL can have is tls=none")]
    Member,
    /// `smtps://…?tls=none`.
    #[error("smtps means TLS: leave tls=none out, or write smtp")]
    Contradiction,
    /// A user without password, or the other way round.
    #[error("an SMTP URL has both user and password, or neither")]
    HalfCredentials,
    /// User or password is not UTF-8 once decoded.
    #[error("user and password of an SMTP URL are percent-encoded UTF-8")]
    Encoding,
    /// Roots that cannot be read.
    #[error("the extra roots for SMTP are not certificates in PEM")]
    Roots,
    /// A name `EHLO` cannot carry.
    #[error("the name to say hello with is a host name, in ASCII without blanks")]
    HelloName,
}
