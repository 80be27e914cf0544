//! HMAC-SHA-256 over length-prefixed parts (RFC 2104), and plain SHA-256.

use ring::{digest, hmac};
use subtle::ConstantTimeEq;

/// A key that authenticates lists of octet strings.
pub(crate) struct MacKey(hmac::Key);

impl MacKey {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The MAC of `parts`. Each is preceded by its length, so no two lists run together.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.context(parts).sign().as_ref());
        bytes
    }

    /// Whether `tag` is the MAC of `parts`, in constant time.
    pub(crate) fn verifies(&self, parts: &[&[u8]], tag: &[u8; 32]) -> bool {
        self.mac(parts).ct_eq(tag).into()
    }

    fn context(&self, parts: &[&[u8]]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context
    }
}

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
