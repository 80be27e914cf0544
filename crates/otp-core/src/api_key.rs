//! API keys: what they look like, what is kept of them, when they open anything.

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::base62;
use crate::fault::Res;
use crate::id::KeyId;
use crate::keys::sha256;
use crate::port::{Entropy, EntropyExt};
use crate::realm::Mode;
use crate::time::Timestamp;

/// Random characters in a key: 238 bits.
const RANDOM_LEN: usize = 40;
/// Characters of its checksum.
const CHECKSUM_LEN: usize = 6;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// A tenant's server.
    Secret,
    /// A tenant's pages, where anybody can read it.
    Publishable,
    /// Whoever runs the service.
    Operator,
}

/// Every kind of key in every mode. Who runs the service has no test mode.
const ALL: [(KeyKind, Mode); 5] = [
    (KeyKind::Secret, Mode::Live),
    (KeyKind::Publishable, Mode::Live),
    (KeyKind::Secret, Mode::Test),
    (KeyKind::Publishable, Mode::Test),
    (KeyKind::Operator, Mode::Live),
];

impl KeyKind {
    /// What every key of this kind begins with in `mode`.
    pub const fn prefix(self, mode: Mode) -> &'static str {
        match (self, mode) {
            (Self::Secret, Mode::Live) => "otp_live_sk_",
            (Self::Publishable, Mode::Live) => "otp_live_pk_",
            (Self::Secret, Mode::Test) => "otp_test_sk_",
            (Self::Publishable, Mode::Test) => "otp_test_pk_",
            (Self::Operator, Mode::Live | Mode::Test) => "otp_live_op_",
        }
    }
}

/// The text is no API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct InvalidApiKey;

/// An API key in clear: prefix, 40 random base-62 characters, 6 of CRC-32 over all before them, so
/// that scanners find leaked ones without false alarms and a typo costs no look-up.
///
/// Shown once, when it is made; only its [`KeyHash`] is kept. Redacted by `Debug`.
#[derive(Clone)]
pub struct ApiKey {
    text: String,
    kind: KeyKind,
    mode: Mode,
}

impl ApiKey {
    /// A fresh one.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub fn generate(kind: KeyKind, mode: Mode, entropy: &dyn Entropy) -> Res<Self> {
        let prefix = kind.prefix(mode);
        let mut text = String::with_capacity(prefix.len() + RANDOM_LEN + CHECKSUM_LEN);
        text.push_str(prefix);
        while text.len() < prefix.len() + RANDOM_LEN {
            // Six bits at a time; the two values that are no digit are thrown away, not folded in.
            text.extend(entropy.bytes::<64>()?.iter().filter_map(|octet| base62::digit(octet & 0x3f)));
            text.truncate(prefix.len() + RANDOM_LEN);
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self { text, kind, mode })
    }

    /// Reads a key; one whose checksum is off is refused here.
    ///
    /// # Errors
    /// [`InvalidApiKey`] for every other text.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        let known = ALL.into_iter().find_map(|(kind, mode)| Some((kind, mode, text.strip_prefix(kind.prefix(mode))?)));
        let (kind, mode, body) = known.ok_or(InvalidApiKey)?;
        let shaped = body.len() == RANDOM_LEN + CHECKSUM_LEN && body.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if !shaped || checksum(&text[..text.len() - CHECKSUM_LEN]) != text[text.len() - CHECKSUM_LEN..] {
            return Err(InvalidApiKey);
        }
        Ok(Self { text: text.to_owned(), kind, mode })
    }

    /// The key itself: to show it once to who asked for it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What it is for.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Which of its tenant's worlds it opens.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// What is kept of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash(sha256(self.text.as_bytes()))
    }

    /// Its last four characters, by which its owner knows it again.
    pub fn last4(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }
}

fn checksum(text: &str) -> String {
    let digits = base62::encode::<CHECKSUM_LEN>(u128::from(crc32fast::hash(text.as_bytes())));
    digits.iter().map(|digit| char::from(*digit)).collect()
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}…)", self.kind.prefix(self.mode))
    }
}

impl Drop for ApiKey {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

/// SHA-256 of a key. With 238 random bits in the key no slower hash is needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Its octets, for a store's index.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// What a tenant's aggregate holds of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Names it.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it is for.
    pub kind: KeyKind,
    /// Which of the tenant's worlds it opens.
    pub mode: Mode,
    /// By what it is found.
    pub hash: KeyHash,
    /// Its last four characters.
    pub last4: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// Since when it opens nothing, if it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that takes its place when it expires, if it was rotated.
    #[serde(default)]
    pub successor: Option<KeyId>,
    /// From where it may be used, if it is secret; from everywhere, if empty.
    #[serde(default)]
    pub allowed_ips: Vec<IpNet>,
}

/// Whether a key opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    /// It does.
    Active,
    /// It does for a while yet; another has taken its place.
    Rotating,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl KeyRecord {
    /// How it stands at `now`.
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyStatus::Expired
        } else if self.successor.is_some() {
            KeyStatus::Rotating
        } else {
            KeyStatus::Active
        }
    }

    /// Since when it opens nothing, if that is so at `now`.
    pub fn ended_at(&self, now: Timestamp) -> Option<Timestamp> {
        let expired = self.expires_at.filter(|end| *end <= now);
        [self.revoked_at, expired].into_iter().flatten().min()
    }

    /// Whether it opens anything at `now`.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        match self.status(now) {
            KeyStatus::Active | KeyStatus::Rotating => true,
            KeyStatus::Expired | KeyStatus::Revoked => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;
    use proptest::prelude::*;

    #[test]
    fn a_fresh_key_reads_back_and_a_typo_does_not() {
        for (kind, mode) in ALL {
            let prefix = kind.prefix(mode);
            let key = ApiKey::generate(kind, mode, &SystemEntropy::default()).unwrap();
            let read = ApiKey::parse(key.expose()).unwrap();
            assert!(key.expose().starts_with(prefix));
            assert_eq!((read.kind(), read.mode(), read.hash()), (kind, mode, key.hash()));
            assert!(!format!("{key:?}").contains(key.last4()));
            for place in prefix.len()..key.expose().len() {
                let mut typo = key.expose().to_owned();
                let other = if &typo[place..=place] == "a" { "b" } else { "a" };
                typo.replace_range(place..=place, other);
                assert_eq!(ApiKey::parse(&typo).err(), Some(InvalidApiKey));
            }
        }
    }

    #[test]
    fn the_checksum_is_crc_32_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926 by its definition (ITU-T V.42).
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    proptest! {
        #[test]
        fn reading_is_total(text in "(otp_(live|test)_(sk|pk|op)_)?\\PC{0,60}") {
            prop_assert!(ApiKey::parse(&text).is_err());
        }
    }
}
