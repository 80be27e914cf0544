//! What things are called in Redis: the tenant first, in braces, so that all of a tenant lies together.

use otp_core::challenge::Purpose;
use otp_core::id::{ChallengeId, SessionId, TenantId, UserId};
use otp_core::keys::AddressKey;
use otp_core::limit::LimitKey;
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

/// Names keys, with something before every one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pub(crate) prefix: String,
}

impl Keys {
    fn of(&self, realm: Realm, rest: &str) -> String {
        format!("{}{{{}}}_{}:{rest}", self.prefix, realm.tenant, realm.mode.as_str())
    }

    pub(crate) fn limit(&self, key: &LimitKey) -> String {
        self.of(key.realm, &format!("limit:{}:{}", key.rule.as_str(), hex(key.subject.as_bytes())))
    }

    pub(crate) fn challenge(&self, realm: Realm, id: ChallengeId) -> String {
        self.of(realm, &format!("challenge:{id}"))
    }

    /// The challenges of an address and purpose.
    pub(crate) fn address(&self, realm: Realm, address: &AddressKey, purpose: &Purpose) -> String {
        self.of(realm, &format!("address:{}:{purpose}", hex(address.as_bytes())))
    }

    /// Counts the challenges of a realm.
    pub(crate) fn number(&self, realm: Realm) -> String {
        self.of(realm, "challenges")
    }

    pub(crate) fn answer(&self, realm: Realm, call: &[u8; 32]) -> String {
        self.of(realm, &format!("answer:{}", hex(call)))
    }

    pub(crate) fn user(&self, realm: Realm, address: &AddressKey) -> String {
        self.of(realm, &format!("user:{}", hex(address.as_bytes())))
    }

    /// The ids of the users of a realm, by the time they were made.
    pub(crate) fn people(&self, realm: Realm) -> String {
        self.of(realm, "people")
    }

    /// Leads from an id to the key of its user.
    pub(crate) fn people_by_id(&self, realm: Realm) -> String {
        self.of(realm, "people-by-id")
    }

    pub(crate) fn session(&self, realm: Realm, id: SessionId) -> String {
        self.of(realm, &format!("session:{id}"))
    }

    /// The sessions of a user.
    pub(crate) fn sessions(&self, realm: Realm, user: UserId) -> String {
        self.of(realm, &format!("sessions:{user}"))
    }

    /// The hours in which anything was counted.
    pub(crate) fn hours(&self, realm: Realm) -> String {
        self.of(realm, "hours")
    }

    /// What was counted in an hour.
    pub(crate) fn usage(&self, realm: Realm, hour: Timestamp) -> String {
        self.of(realm, &format!("usage:{}", hour.as_millis()))
    }

    /// Who was seen in an hour.
    pub(crate) fn seen(&self, realm: Realm, hour: Timestamp) -> String {
        self.of(realm, &format!("seen:{}", hour.as_millis()))
    }

    /// A trail is its tenant's, over both modes.
    pub(crate) fn audit(&self, tenant: TenantId) -> String {
        format!("{}{{{tenant}}}:audit", self.prefix)
    }

    /// One for all tenants.
    pub(crate) fn outbox(&self) -> String {
        format!("{}outbox", self.prefix)
    }

    /// One for all tenants.
    pub(crate) fn root(&self) -> String {
        format!("{}root", self.prefix)
    }

    /// One for all tenants.
    pub(crate) fn retired(&self) -> String {
        format!("{}retired-keys", self.prefix)
    }
}

pub(crate) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
