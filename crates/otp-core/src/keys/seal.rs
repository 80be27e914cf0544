//! Authenticated encryption for what has to be stored and read back.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

use super::mac::MacKey;
use super::master::Kid;
use crate::fault::{Fault, Res};
use crate::port::{Entropy, EntropyExt};

const KID_LEN: usize = 4;
const SALT_LEN: usize = 16;

/// An encrypted, authenticated value: the id of its key, a salt, AES-256-GCM ciphertext and tag.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Its octets, for a store to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Names the master key it was sealed under; whether that is so, shows when it is opened.
    pub fn kid(&self) -> Option<Kid> {
        self.0.first_chunk::<KID_LEN>().map(|kid| Kid::from_u32(u32::from_be_bytes(*kid)))
    }

    /// From the octets a store kept; whether they are whole shows when it is opened.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} octets)", self.0.len())
    }
}

/// Seals under one master key.
///
/// Each value has a key of its own, derived from 128 random bits, so the number of values is bounded
/// by 2^64 and not by the 2^32 that random 96-bit nonces under one AES-GCM key would allow.
pub(crate) struct SealKey {
    kid: Kid,
    root: MacKey,
}

impl SealKey {
    pub(crate) const fn new(kid: Kid, root: MacKey) -> Self {
        Self { kid, root }
    }

    /// `plain`, readable only with this key and the same `context`.
    pub(crate) fn close(&self, plain: &[u8], context: &[u8], entropy: &dyn Entropy) -> Res<Sealed> {
        const OP: &str = "seal.close";
        let salt = entropy.bytes::<SALT_LEN>()?;
        let mut body = plain.to_vec();
        self.key(&salt)
            .and_then(|key| key.seal_in_place_append_tag(nonce(), Aad::from(context), &mut body).ok())
            .ok_or_else(|| Fault::misconfigured(OP, "AES-GCM refused to seal"))?;
        let mut sealed = Vec::with_capacity(KID_LEN + SALT_LEN + body.len());
        sealed.extend_from_slice(&self.kid.as_u32().to_be_bytes());
        sealed.extend_from_slice(&salt);
        sealed.append(&mut body);
        Ok(Sealed(sealed))
    }

    /// What was sealed, or nothing if key, context or content differ.
    pub(crate) fn open(&self, sealed: &Sealed, context: &[u8]) -> Option<Vec<u8>> {
        let (kid, rest) = sealed.0.split_at_checked(KID_LEN)?;
        let (salt, body) = rest.split_at_checked(SALT_LEN)?;
        if kid != self.kid.as_u32().to_be_bytes() {
            return None;
        }
        let mut body = body.to_vec();
        let plain_len = self.key(salt)?.open_in_place(nonce(), Aad::from(context), &mut body).ok()?.len();
        body.truncate(plain_len);
        Some(body)
    }

    fn key(&self, salt: &[u8]) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.root.mac(&[salt])).ok().map(LessSafeKey::new)
    }
}

/// Fixed, because no key seals twice.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}
