//! A relay written as a URL.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, Url};

use super::config::{Credentials, Security, SmtpConfig, SmtpConfigError};

pub(super) fn parse(text: &str) -> Result<SmtpConfig, SmtpConfigError> {
    let url = Url::parse(text).map_err(|_| SmtpConfigError::Url)?;
    let encrypted = match url.scheme() {
        "smtp" => Security::StartTls,
        "smtps" => Security::ImplicitTls,
        _ => return Err(SmtpConfigError::Scheme),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(SmtpConfigError::Path);
    }
    let security = match (url.query(), encrypted) {
        (None, _) => encrypted,
        (Some("tls=none"), Security::StartTls) => Security::None,
        (Some("tls=none"), Security::ImplicitTls | Security::None) => return Err(SmtpConfigError::Contradiction),
        (Some(_), _) => return Err(SmtpConfigError::Member),
    };
    let port = match security {
        Security::StartTls => 587,
        Security::ImplicitTls => 465,
        Security::None => 25,
    };
    Ok(SmtpConfig {
        host: host(&url)?,
        port: url.port().unwrap_or(port),
        security,
        credentials: credentials(&url)?,
        extra_roots: None,
        hello_name: None,
    })
}

/// The URL parser leaves the host of a scheme it does not know as it is written, percent-encoded.
fn host(url: &Url) -> Result<String, SmtpConfigError> {
    match url.host().ok_or(SmtpConfigError::Host)? {
        Host::Domain(name) if name.is_empty() || name.contains('%') => Err(SmtpConfigError::Host),
        Host::Domain(name) => Ok(name.to_owned()),
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(address.to_string()),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpConfigError> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(SmtpConfigError::HalfCredentials),
        (username, Some(password)) => {
            Ok(Some(Credentials { username: decoded(username)?, password: decoded(password)? }))
        }
    }
}

fn decoded(text: &str) -> Result<SecretString, SmtpConfigError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| SmtpConfigError::Encoding)?;
    Ok(SecretString::from(text.into_owned()))
}
