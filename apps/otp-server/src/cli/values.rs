//! Values that are more than a text: whatever is none of them is wrong usage, before anything is opened.

use std::str::FromStr;

use otp_core::email::EmailAddress;
use otp_core::id::UserId;
use otp_core::tenant::MAX_REASON;
use reqwest::Url;

/// A user, as a command line names him.
#[derive(Debug, Clone)]
pub(crate) enum Person {
    /// By his id.
    Id(UserId),
    /// By his email address.
    Address(EmailAddress),
}

impl FromStr for Person {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        EmailAddress::parse(text).map(Self::Address).map_err(|_| "neither an id, user_…, nor an email address")
    }
}

/// Why something is done, for the audit trail and a mail.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("empty: leave it out, or say why".to_owned());
    }
    if text.contains(char::is_control) || text.chars().nth(MAX_REASON).is_some() {
        return Err(format!("write one line of at most {MAX_REASON} characters"));
    }
    Ok(text.to_owned())
}

/// What can be asked over HTTP.
pub(super) fn http_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or("not a URL of the form http://HOST:PORT/PATH")
}
