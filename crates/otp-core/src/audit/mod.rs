//! The audit trail: who did what to whom, written with the change it tells of, and sealed soon after.
//!
//! Entries are written unsealed. A sealer numbers those of each tenant without gaps and gives each a MAC over itself and
//! the MAC before it; a head, which has one too, says where the chain begins and ends. What anybody changes afterwards
//! without the key is [found](Trails::verify) and named. Entries that have not been sealed yet are not covered.

mod chain;
mod event;
mod trails;
mod verify;

pub use chain::{Head, InvalidMac, Kept, Link, Mac};
pub use event::{AuditEvent, UnknownEvent};
pub use trails::Trails;
pub use verify::{Finding, InvalidWitness, Report, Witness};

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::caller::{Actor, Caller};
use crate::id::{AuditId, ChallengeId, KeyId, MailId, SessionId, TenantId, UserId};
use crate::realm::Realm;
use crate::time::Timestamp;

/// To whom or what it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Target {
    /// A tenant.
    Customer(TenantId),
    /// A key.
    Key(KeyId),
    /// A challenge.
    Challenge(ChallengeId),
    /// A user.
    User(UserId),
    /// Whoever the write of this entry signs in; a store never keeps it: see
    /// [`Effect::signed_in`](crate::effect::Effect::signed_in).
    SignedIn,
    /// A session.
    Session(SessionId),
    /// A mail.
    Mail(MailId),
    /// An end user's address, by its keyed hash.
    Address(String),
}

/// One line of the audit trail of a tenant. Holds no address, code, key or token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Names it.
    pub id: AuditId,
    /// Whose.
    pub realm: Realm,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: AuditEvent,
    /// On whose authority.
    pub actor: Actor,
    /// To whom.
    pub target: Option<Target>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// With what software.
    pub user_agent: Option<String>,
    /// As part of which request.
    pub request_id: Option<String>,
    /// What else there is to say, members in alphabetical order.
    pub details: std::collections::BTreeMap<String, String>,
}

impl AuditEntry {
    /// `event` on `target`, done by `caller`.
    pub fn new(
        id: AuditId,
        realm: Realm,
        event: AuditEvent,
        target: Option<Target>,
        caller: &Caller,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            realm,
            at: now,
            event,
            actor: caller.actor,
            target,
            ip: caller.client.map(crate::caller::ClientAddress::ip),
            user_agent: caller.user_agent.clone(),
            request_id: caller.request_id.clone(),
            details: Default::default(),
        }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}
