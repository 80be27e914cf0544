//! Whose pages may call (RFC 6454).

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

/// The text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin")]
pub struct InvalidOrigin;

/// How far pages of an origin may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginAccess {
    /// Not at all.
    Denied,
    /// By what their scripts send.
    Allowed,
    /// With their users' cookies, too: with credentials, as the Fetch standard has it.
    WithCookies,
}

/// One origin, or `https://*.example.com`: every one below a domain, but not the domain itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// What stands before the domain all of whose sub-domains are meant.
const ANY_BELOW: &str = "https://*.";

impl Origin {
    /// Every one that allows `origin`: itself, and what stands for all below a domain it is in. As many as the
    /// name of its host has labels, at most.
    pub fn allowing(origin: &str) -> Vec<Self> {
        let itself = (!origin.starts_with(ANY_BELOW)).then(|| Self(origin.to_owned()));
        let host = origin.strip_prefix("https://").unwrap_or_default();
        let above = host.match_indices('.').map(|(dot, _)| Self(format!("{ANY_BELOW}{}", &host[dot + 1..])));
        itself.into_iter().chain(above.filter(|above| above.allows(origin))).collect()
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `origin`, as a browser has sent it, is this one or below it.
    pub fn allows(&self, origin: &str) -> bool {
        match self.0.strip_prefix(ANY_BELOW) {
            Some(domain) => origin
                .strip_prefix("https://")
                .and_then(|host| host.strip_suffix(domain))
                .and_then(|below| below.strip_suffix('.'))
                .is_some_and(|below| !below.is_empty() && below.bytes().all(is_of_host)),
            None => self.0 == origin,
        }
    }
}

/// What names of hosts are made of, as browsers send them.
const fn is_of_host(octet: u8) -> bool {
    matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_')
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// Takes exactly what a browser sends: a scheme of the web, a host in lower-case ASCII, a port unless it is
    /// the scheme's own; no slash behind.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let (plain, below_any) = match text.strip_prefix(ANY_BELOW) {
            Some(domain) if domain.contains('.') => (format!("https://{domain}"), true),
            Some(_) => return Err(InvalidOrigin),
            None => (text.to_owned(), false),
        };
        // A name may hold an asterisk, as far as URLs go.
        let url = Url::parse(&plain).ok().filter(|_| !plain.contains('*')).ok_or(InvalidOrigin)?;
        let of_the_web = matches!(url.scheme(), "http" | "https");
        let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
        if of_the_web && url.origin().ascii_serialization() == plain && (is_name || !below_any) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOrigin)
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;
    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        for text in ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443", "https://192.0.2.1"] {
            let origin: Origin = text.parse().unwrap();
            assert!(origin.allows(text));
            assert!(!origin.allows(&format!("{text}.evil.example")) && !origin.allows("null"));
        }
        let not =
            ["null", "*", "https://*", "https://*.com", "https://a.example/", "https://A.example", "ftp://a.example"];
        for text in not.into_iter().chain(["https://a.example:443", "https://u@a.example", "https://*.192.0.2.1", ""]) {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }

    #[test]
    fn whoever_allows_an_origin_is_among_those_that_do() {
        let lists =
            ["https://*.example.com", "https://*.b.example.com", "https://a.b.example.com", "http://localhost:3000"];
        let others =
            ["https://*.example.com:8443", "https://example.com", "https://*.com.au", "https://a.b.example.com:8443"];
        let entries = lists.into_iter().chain(others).map(|text| text.parse::<Origin>().unwrap());
        for entry in entries {
            for origin in lists.into_iter().chain(others).chain([
                "https://x.a.b.example.com",
                "https://-.example.com",
                "null",
                "",
            ]) {
                assert_eq!(Origin::allowing(origin).contains(&entry), entry.allows(origin), "{entry:?} {origin}");
            }
        }
        assert!(Origin::allowing("null").iter().all(|entry| entry.as_str().parse::<Origin>().is_err()));
    }

    #[test]
    fn an_asterisk_stands_for_what_is_below() {
        let origin: Origin = "https://*.example.com".parse().unwrap();
        assert!(origin.allows("https://a.example.com") && origin.allows("https://a.b.example.com"));
        for text in ["https://example.com", "https://.example.com", "http://a.example.com", "https://evilexample.com"] {
            assert!(!origin.allows(text), "{text}");
        }
        for text in ["https://evil.com/.example.com", "https://a.example.com:8443", "https://evil.com#.example.com"] {
            assert!(!origin.allows(text), "{text}");
        }
    }
}
