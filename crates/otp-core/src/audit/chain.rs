//! The chain an audit trail is sealed into, and the head that says where it begins and ends.

use std::fmt;

use super::AuditEntry;
use crate::fault::{Fault, Res};
use crate::id::{AuditId, TenantId};
use crate::keys::Keyring;
use crate::time::Timestamp;

/// A message authentication code: HMAC-SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mac([u8; 32]);

impl Mac {
    /// What stands before the first entry of a trail.
    pub const NOTHING: Self = Self([0; 32]);

    /// Its octets.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From its octets.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Mac {
    /// In hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mac({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

impl std::str::FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let bits = |text| u128::from_str_radix(text, 16).map_err(|_| InvalidMac);
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidMac);
        }
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&bits(&text[..32])?.to_be_bytes());
        bytes[16..].copy_from_slice(&bits(&text[32..])?.to_be_bytes());
        Ok(Self(bytes))
    }
}

/// The text is no MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a MAC has 64 hexadecimal digits")]
pub struct InvalidMac;

/// An entry as a store keeps it. Id and time repeat what its text says, for the store to find it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Names it.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// The [`AuditEntry`](super::AuditEntry), as JSON; sealed octet by octet.
    pub text: String,
}

impl Kept {
    /// `entry`, as it is kept.
    ///
    /// # Errors
    /// `Corrupt`, if it cannot be written; the reason is dropped, for it may quote what could not be.
    pub fn of(entry: &AuditEntry) -> Res<Self> {
        let text = serde_json::to_string(entry).map_err(|_| Fault::corrupt("audit.keep", "an entry is no JSON"))?;
        Ok(Self { id: entry.id, at: entry.at, text })
    }

    /// The entry it is.
    ///
    /// # Errors
    /// `Corrupt`, if its text is none.
    pub fn entry(&self) -> Res<AuditEntry> {
        serde_json::from_str(&self.text).map_err(|error| Fault::corrupt("audit.entry", error))
    }
}

/// An entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its place, counted from 1 without gaps.
    pub seq: u64,
    /// Over itself, its place and the MAC before.
    pub mac: Mac,
    /// What it is.
    pub kept: Kept,
}

/// Where the chain of one trail begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The place of the first entry there is; behind `last`, if none is left.
    pub first: u64,
    /// The MAC of the entry before that.
    pub before: Mac,
    /// The place of the last entry sealed.
    pub last: u64,
    /// Its MAC.
    pub latest: Mac,
    /// When the first entry there is happened.
    pub oldest: Option<Timestamp>,
    /// Over all of these.
    pub mac: Mac,
}

impl Head {
    /// That of a chain which has not begun.
    pub const NONE: Self =
        Self { first: 1, before: Mac::NOTHING, last: 0, latest: Mac::NOTHING, oldest: None, mac: Mac::NOTHING };

    /// How many entries there are between its ends.
    pub const fn count(&self) -> u64 {
        (self.last + 1).saturating_sub(self.first)
    }
}

impl Keyring {
    /// The MAC of `kept` at the place `seq` of the trail of `tenant`, behind `before`.
    pub(super) fn link_mac(&self, tenant: TenantId, seq: u64, before: Mac, kept: &Kept) -> Mac {
        let at = kept.at.as_millis().to_be_bytes();
        Mac(self.audit_chain().mac(&[
            b"entry",
            &tenant.to_bytes(),
            &seq.to_be_bytes(),
            before.as_bytes(),
            &kept.id.to_bytes(),
            &at,
            kept.text.as_bytes(),
        ]))
    }

    /// `head` of the trail of `tenant` with its MAC.
    pub(super) fn sealed_head(&self, tenant: TenantId, head: Head) -> Head {
        let oldest = head.oldest.map(|at| at.as_millis().to_be_bytes());
        let mac = Mac(self.audit_chain().mac(&[
            b"head",
            &tenant.to_bytes(),
            &head.first.to_be_bytes(),
            head.before.as_bytes(),
            &head.last.to_be_bytes(),
            head.latest.as_bytes(),
            oldest.as_ref().map_or(&[], |octets| octets.as_slice()),
        ]));
        Head { mac, ..head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_read_as_it_is_written() {
        let mac = Mac(std::array::from_fn(|place| place as u8 * 7));
        assert_eq!(mac.to_string().parse(), Ok(mac));
        assert_eq!(mac.to_string().to_uppercase().parse(), Ok(mac));
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64), &format!("+{}", "0".repeat(63)), &"é".repeat(32)] {
            assert_eq!(text.parse::<Mac>(), Err(InvalidMac), "{text}");
        }
    }
}
