//! Tenants: whose users sign in. One aggregate, replaced as a whole under its version.

use serde::{Deserialize, Serialize};

use crate::api_key::{KeyHash, KeyRecord};
use crate::email::EmailAddress;
use crate::id::{KeyId, TenantId};
use crate::realm::Realm;
use crate::time::Timestamp;

/// Counts the changes of one tenant; a change names the version it was made from.
pub type Version = u64;

/// Longest name, in characters.
const MAX_NAME: usize = 100;

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
        }
    }

    /// Its live world.
    pub const fn live(&self) -> Realm {
        Realm::live(self.id)
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
