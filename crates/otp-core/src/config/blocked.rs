//! Addresses that get no code.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;

/// The text blocks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an email address nor @domain")]
pub struct InvalidBlocked;

/// One address, or every address of one domain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Blocked(String);

impl Blocked {
    /// Whether `address` is blocked: by its canonical spelling, or without what tells apart spellings of one mailbox.
    pub fn blocks(&self, address: &EmailAddress) -> bool {
        match self.0.strip_prefix('@') {
            Some(domain) => address.domain() == domain,
            None => self.0 == address.canonical() || self.0 == address.limit_key(),
        }
    }
}

impl FromStr for Blocked {
    type Err = InvalidBlocked;

    fn from_str(text: &str) -> Result<Self, InvalidBlocked> {
        // A domain is one if an address of it is.
        if let Some(domain) = text.trim().strip_prefix('@') {
            let address = EmailAddress::parse(&format!("a@{domain}")).map_err(|_| InvalidBlocked)?;
            return Ok(Self(format!("@{}", address.domain())));
        }
        EmailAddress::parse(text).map(|address| Self(address.canonical().to_owned())).map_err(|_| InvalidBlocked)
    }
}

impl TryFrom<String> for Blocked {
    type Error = InvalidBlocked;
    fn try_from(text: String) -> Result<Self, InvalidBlocked> {
        text.parse()
    }
}

impl From<Blocked> for String {
    fn from(blocked: Blocked) -> Self {
        blocked.0
    }
}

impl std::fmt::Debug for Blocked {
    /// Without the address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blocked(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_a_domain() {
        let blocks =
            |rule: &str, address: &str| rule.parse::<Blocked>().unwrap().blocks(&EmailAddress::parse(address).unwrap());
        assert!(blocks("Ada@Example.org", "ada@example.org"));
        assert!(blocks("ada@example.org", "ada+shop@example.org"));
        assert!(blocks("@EXAMPLE.org", "bob@example.org"));
        assert!(!blocks("@example.org", "bob@sub.example.org"));
        assert!(!blocks("ada@example.org", "bob@example.org"));
        for text in ["", "@", "ada", "@a b", "*@example.org,"] {
            assert_eq!(text.parse::<Blocked>(), Err(InvalidBlocked), "{text}");
        }
    }
}
