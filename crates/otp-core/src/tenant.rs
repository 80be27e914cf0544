//! Tenants: whose users sign in. One aggregate, replaced as a whole under its version.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api_key::{KeyHash, KeyRecord};
use crate::caller::Actor;
use crate::config::TenantConfig;
use crate::email::EmailAddress;
use crate::id::{KeyId, TenantId};
use crate::plan::Overrides;
use crate::realm::{Mode, Realm};
use crate::time::Timestamp;
use crate::token::{Jwk, SigningKey};

/// Counts the changes of one tenant; a change names the version it was made from.
pub type Version = u64;

/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// Longest reason for a change of status, in characters.
pub const MAX_REASON: usize = 500;

/// The text is no name. Names stand in mails and on terminals, where a control character does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters, none of them a control character")]
pub enum InvalidName {
    /// There is nothing in it.
    Empty,
    /// It is longer than 100 characters.
    TooLong,
    /// It holds a control character.
    ControlCharacter,
}

/// `text` as a name of a tenant, a company or a key: trimmed.
///
/// # Errors
/// [`InvalidName`] when it is none.
pub fn name(text: &str) -> Result<String, InvalidName> {
    let text = text.trim();
    if text.chars().nth(MAX_NAME).is_some() {
        Err(InvalidName::TooLong)
    } else if text.contains(char::is_control) {
        Err(InvalidName::ControlCharacter)
    } else if text.is_empty() {
        Err(InvalidName::Empty)
    } else {
        Ok(text.to_owned())
    }
}

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TenantStatus {
    /// It is.
    Active,
    /// Not now.
    Suspended,
    /// Never again.
    Cancelled,
}

impl TenantStatus {
    /// As it is written in rows and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
        }
    }
}

impl TenantStatus {
    /// Whether a tenant may go from this to `next`. Cancelled is final.
    pub const fn becomes(self, next: Self) -> bool {
        matches!((self, next), (Self::Active | Self::Suspended, _) | (Self::Cancelled, Self::Cancelled))
    }
}

/// A version of a tenant's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// Counts the versions, from 1.
    pub number: u64,
    /// Since when it holds.
    pub at: Timestamp,
    /// On whose authority.
    pub by: Actor,
    /// What is set.
    pub settings: TenantConfig,
}

impl Configured {
    /// Nothing set yet.
    pub fn first(at: Timestamp) -> Self {
        Self { number: 1, at, by: Actor::System, settings: TenantConfig::default() }
    }
}

/// A tenant: on the wire, a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Names it.
    pub id: TenantId,
    /// How often it was changed.
    pub version: Version,
    /// What it is called, in mails too; as [`name`] reads it.
    pub name: String,
    /// Who owns the account; nobody owns the service itself.
    pub owner: Option<EmailAddress>,
    /// The company behind it.
    pub company_name: Option<String>,
    /// The name of its plan.
    pub plan: String,
    /// Whether it is served.
    pub status: TenantStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its API keys, the revoked ones too.
    pub keys: Vec<KeyRecord>,
    /// When its status last changed, if it ever did.
    #[serde(default)]
    pub status_changed_at: Option<Timestamp>,
    /// When somebody has shown that he reads its owner's mail, by opening the account with what was mailed there.
    #[serde(default)]
    pub owner_verified_at: Option<Timestamp>,
    /// Whether it wants to hear no more of how it is set up.
    #[serde(default)]
    pub onboarding_dismissed: bool,
    /// What it was granted besides its plan.
    #[serde(default)]
    pub overrides: Overrides,
    /// The key pairs its tokens are and were signed with, as long as any of those may live.
    #[serde(default)]
    pub signing_keys: Vec<SigningKey>,
    /// What it has set for itself. Shared, for a tenant is copied for each call.
    #[serde(default = "unset")]
    pub config: Arc<Configured>,
}

/// One of the two worlds of a tenant, which never see each other's rows.
#[derive(Debug, Clone, Copy)]
pub struct World<'t> {
    /// Whose.
    pub tenant: &'t Tenant,
    /// Which.
    pub mode: Mode,
}

impl<'t> World<'t> {
    /// What its rows are kept under.
    pub const fn realm(self) -> Realm {
        Realm { tenant: self.tenant.id, mode: self.mode }
    }

    /// What its tenant has set for itself.
    pub fn settings(self) -> &'t TenantConfig {
        self.tenant.settings()
    }
}

impl<'t> From<&'t Tenant> for World<'t> {
    /// The live one.
    fn from(tenant: &'t Tenant) -> Self {
        Self { tenant, mode: Mode::Live }
    }
}

/// The configuration of a tenant written down before there was any.
fn unset() -> Arc<Configured> {
    Arc::new(Configured::first(Timestamp::from_millis(0)))
}

impl Tenant {
    /// An active tenant without owner or keys: what an embedder with one application needs.
    pub fn new(id: TenantId, name: impl Into<String>, plan: impl Into<String>, now: Timestamp) -> Self {
        Self {
            id,
            version: 0,
            name: name.into(),
            owner: None,
            company_name: None,
            plan: plan.into(),
            status: TenantStatus::Active,
            created_at: now,
            keys: Vec::new(),
            status_changed_at: None,
            owner_verified_at: None,
            onboarding_dismissed: false,
            overrides: Overrides::default(),
            signing_keys: Vec::new(),
            config: Arc::new(Configured::first(now)),
        }
    }

    /// The service itself, as it is before anything of it was stored.
    pub(crate) fn service(now: Timestamp) -> Self {
        Self::new(TenantId::SERVICE, "OTP", "enterprise", now)
    }

    /// What it has set for itself.
    pub fn settings(&self) -> &TenantConfig {
        &self.config.settings
    }

    /// Its live world.
    pub const fn live(&self) -> Realm {
        Realm::live(self.id)
    }

    /// With what whoever verifies tokens of its world `mode` himself does so at `now`: the key in force first, and those
    /// before it whose tokens may live. Nothing, while it signs with a secret.
    pub fn jwks(&self, mode: Mode, now: Timestamp) -> Vec<Jwk> {
        if self.settings().tokens.algorithm().curve().is_none() {
            return Vec::new();
        }
        let mut keys: Vec<_> = self.signing_keys.iter().filter(|key| key.mode == mode && key.may_verify(now)).collect();
        keys.sort_by_key(|key| Reverse(key.retired_at.map_or(i64::MAX, Timestamp::as_millis)));
        keys.into_iter().map(SigningKey::jwk).collect()
    }

    /// The key of that id.
    pub fn key(&self, id: KeyId) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The key of that hash.
    pub fn key_by_hash(&self, hash: &KeyHash) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.hash == *hash)
    }
}
