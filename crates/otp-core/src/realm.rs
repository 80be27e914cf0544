//! Whose world a row belongs to: a tenant, and within it live or test.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;

/// Live or test: two worlds of one tenant that never see each other's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real users, real mail.
    Live,
    /// For a tenant's own tests.
    Test,
}

impl Mode {
    /// As it is written in keys, rows and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// What every key of a tenant's data begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Realm {
    /// The tenant.
    pub tenant: TenantId,
    /// Its live or its test world.
    pub mode: Mode,
}

impl Realm {
    /// The live world of `tenant`.
    pub const fn live(tenant: TenantId) -> Self {
        Self { tenant, mode: Mode::Live }
    }

    /// The service's own, for limits that span all tenants.
    pub const SERVICE: Self = Self::live(TenantId::SERVICE);

    /// Octets that stand for this realm alone, to bind keys and sealed values to it.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[..16].copy_from_slice(&self.tenant.to_bytes());
        bytes[16] = match self.mode {
            Mode::Live => 0,
            Mode::Test => 1,
        };
        bytes
    }
}
