//! The one secret a deployment is configured with.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hkdf;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::fault::Res;
use crate::port::{Entropy, EntropyExt};

/// Names a master key without telling anything of it: the first four octets of a value derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kid(u32);

impl Kid {
    /// As the number stores keep.
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// From the number a store kept.
    pub const fn from_u32(kid: u32) -> Self {
        Self(kid)
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for Kid {
    type Err = InvalidMasterKey;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.len() == 8 && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
        plain.then(|| u32::from_str_radix(text, 16).ok()).flatten().map(Self).ok_or(InvalidMasterKey)
    }
}

/// The text is no 32 octets in base 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret key is 32 random octets in base 64, 44 characters; `otp-server secret generate` makes one")]
pub struct InvalidMasterKey;

/// 32 random octets from which every rotating key is derived (HKDF-SHA-256, RFC 5869).
#[derive(Clone)]
pub struct MasterKey(pub(super) [u8; 32]);

impl MasterKey {
    /// A fresh one.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub fn generate(entropy: &dyn Entropy) -> Res<Self> {
        entropy.bytes().map(Self)
    }

    /// From 32 octets that are random already.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From base 64, padding included.
    ///
    /// # Errors
    /// [`InvalidMasterKey`] for anything that is not 32 octets.
    pub fn from_base64(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| InvalidMasterKey)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| InvalidMasterKey)
    }

    /// As base 64: what goes into the configuration, and nowhere else.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Names it, and says nothing else about it.
    pub fn kid(&self) -> Kid {
        let [a, b, c, d, ..] = self.derive("kid");
        Kid(u32::from_be_bytes([a, b, c, d]))
    }

    /// The 32 octets of this key under `label`.
    pub(crate) fn derive(&self, label: &str) -> [u8; 32] {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"otp-core").extract(&self.0);
        let mut okm = [0; 32];
        let info = [label.as_bytes()];
        let filled = prk.expand(&info, hkdf::HKDF_SHA256).and_then(|okm_source| okm_source.fill(&mut okm));
        // HKDF yields up to 255 blocks; one block cannot be too many.
        debug_assert!(filled.is_ok());
        okm
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
