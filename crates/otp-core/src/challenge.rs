//! Challenges: one code asked of one address, for one purpose, for a while.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::ChallengeId;
use crate::keys::{AddressKey, Kid, Sealed};
use crate::realm::Realm;
use crate::time::Timestamp;

/// How long a code lives unless the tenant says otherwise.
pub const DEFAULT_TTL: Duration = Duration::from_secs(600);
/// Attempts each lane of a challenge has unless the tenant says otherwise.
pub const DEFAULT_ATTEMPTS: u8 = 5;
/// The pause between two mails of one challenge.
pub const RESEND_AFTER: Duration = Duration::from_secs(30);
/// How many live challenges of an address a code without a challenge id is tested against.
pub const SIDE_BY_SIDE: usize = 3;

/// What a code is for: `[a-z0-9-]{1,32}`. Codes of one purpose open nothing of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Purpose(String);

/// The text is no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a purpose is 1 to 32 characters of a-z, 0-9 and -")]
pub struct InvalidPurpose;

impl Purpose {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That of the service's own challenges which open an account.
    pub(crate) fn signup() -> Self {
        Self("signup".to_owned())
    }
}

impl Default for Purpose {
    fn default() -> Self {
        Self("sign-in".to_owned())
    }
}

impl FromStr for Purpose {
    type Err = InvalidPurpose;
    fn from_str(text: &str) -> Result<Self, InvalidPurpose> {
        let known = |octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(known);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidPurpose) }
    }
}

impl TryFrom<String> for Purpose {
    type Error = InvalidPurpose;
    fn try_from(text: String) -> Result<Self, InvalidPurpose> {
        text.parse()
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One code asked of one address. Everything that decides about it is fixed when it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Names it; 128 random bits, part of what its code is derived from.
    pub id: ChallengeId,
    /// Whose.
    pub realm: Realm,
    /// What its code is for.
    pub purpose: Purpose,
    /// Whose address, as stores index it.
    pub address_key: AddressKey,
    /// The address itself, sealed.
    pub address: Sealed,
    /// What whoever opened it wants to find again when its code is verified, sealed.
    #[serde(default)]
    pub note: Option<Sealed>,
    /// The master key its code is derived under.
    pub kid: Kid,
    /// Digits of its code.
    pub code_length: u8,
    /// Attempts each of its two lanes has: by its id, and by its address.
    pub max_attempts: u8,
    /// When it was opened.
    pub created_at: Timestamp,
    /// From when on it is dead.
    pub expires_at: Timestamp,
}

impl Challenge {
    /// Whether a resend at `now` would mail this code again rather than open a new challenge: in the
    /// first half of its life, so that who waits for mail has time to use it.
    pub fn takes_resend(&self, now: Timestamp) -> bool {
        let life = self.created_at.until(self.expires_at);
        now < self.created_at.plus(life / 2)
    }
}

/// Which challenge a code is tested against, and whose attempts pay for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// One challenge, known by its id.
    Id {
        /// Whose.
        realm: Realm,
        /// Which.
        id: ChallengeId,
    },
    /// The newest live ones of an address; the newest pays.
    Address {
        /// Whose.
        realm: Realm,
        /// What for.
        purpose: Purpose,
        /// Whose address.
        address_key: AddressKey,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes() {
        assert_eq!("sign-in".parse(), Ok(Purpose::default()));
        for text in ["", "Sign", "a b", "é", &"a".repeat(33)] {
            assert_eq!(text.parse::<Purpose>(), Err(InvalidPurpose));
        }
    }
}
