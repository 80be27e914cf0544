//! The audit trail: who did what to whom, written with the change it tells of.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::caller::{Actor, Caller};
use crate::id::{AuditId, ChallengeId, KeyId, MailId, SessionId, TenantId, UserId};
use crate::realm::Realm;
use crate::time::Timestamp;

/// What happened. A closed list; its names are part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuditEvent {
    /// A key was made.
    #[serde(rename = "api_key.created")]
    ApiKeyCreated,
    /// A key was taken back.
    #[serde(rename = "api_key.revoked")]
    ApiKeyRevoked,
    /// A key was given a successor.
    #[serde(rename = "api_key.rotated")]
    ApiKeyRotated,
    /// A tenant changed what it has set.
    #[serde(rename = "config.updated")]
    ConfigUpdated,
    /// A tenant went back to what it had set.
    #[serde(rename = "config.restored")]
    ConfigRestored,
    /// A tenant changed how its mails look and go out.
    #[serde(rename = "email_config.updated")]
    EmailConfigUpdated,
    /// A tenant was made.
    #[serde(rename = "customer.created")]
    CustomerCreated,
    /// A tenant is served no more, or again.
    #[serde(rename = "customer.status_changed")]
    CustomerStatusChanged,
    /// A tenant may use more, or less.
    #[serde(rename = "customer.plan_changed")]
    CustomerPlanChanged,
    /// An account was asked for.
    #[serde(rename = "signup.requested")]
    SignupRequested,
    /// An account was opened by who reads its owner's mail.
    #[serde(rename = "signup.verified")]
    SignupVerified,
    /// A code was asked for.
    #[serde(rename = "otp.requested")]
    OtpRequested,
    /// A code was right.
    #[serde(rename = "otp.verified")]
    OtpVerified,
    /// A code opened nothing: it was wrong, or there was no room for the user it would have made.
    #[serde(rename = "otp.failed")]
    OtpFailed,
    /// The last attempt of a lane was spent.
    #[serde(rename = "otp.locked")]
    OtpLocked,
    /// An address signed in for the first time.
    #[serde(rename = "user.created")]
    UserCreated,
    /// A user signed in.
    #[serde(rename = "user.logged_in")]
    UserLoggedIn,
    /// A user signed out.
    #[serde(rename = "user.logged_out")]
    UserLoggedOut,
    /// A session was refreshed.
    #[serde(rename = "session.refreshed")]
    SessionRefreshed,
    /// A replaced refresh token was presented; the session ended.
    #[serde(rename = "session.reuse_detected")]
    SessionReuseDetected,
    /// A tenant ended sessions of a user.
    #[serde(rename = "session.revoked")]
    SessionRevoked,
    /// A limit refused a call.
    #[serde(rename = "rate_limit.exceeded")]
    RateLimitExceeded,
    /// A tenant has used most of a quota.
    #[serde(rename = "quota.warning")]
    QuotaWarning,
    /// A quota refused a call, the first within its day or month.
    #[serde(rename = "quota.exceeded")]
    QuotaExceeded,
    /// A mail was not sent, because strangers had sent that recipient too many.
    #[serde(rename = "mail.muted")]
    MailMuted,
}

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
