//! Secrets within a configuration.

use serde::{Deserialize, Serialize};

use crate::fault::Res;
use crate::id::TenantId;
use crate::keys::{Keyring, Sealed};
use crate::port::Entropy;

/// A value nobody reads back but who uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Sealed);

impl Secret {
    /// `text`, readable only for `tenant`.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub fn seal(tenant: TenantId, text: &str, keys: &Keyring, entropy: &dyn Entropy) -> Res<Self> {
        keys.seal_secret(tenant, text, entropy).map(Self)
    }

    /// The same under the key in force, unless it is so already.
    ///
    /// # Errors
    /// As [`open`](Self::open), or when the entropy source faults.
    pub(crate) fn resealed(&self, tenant: TenantId, keys: &Keyring, entropy: &dyn Entropy) -> Res<Option<Self>> {
        Ok(keys.reseal_secret(tenant, &self.0, entropy)?.map(Self))
    }

    /// What it is.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by these keys for `tenant`.
    pub fn open(&self, tenant: TenantId, keys: &Keyring) -> Res<String> {
        keys.open_secret(tenant, &self.0)
    }
}
