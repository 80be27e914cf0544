//! The capabilities that follow from what a caller has proven. A handler says in its signature which one it needs; there
//! is no other way to get one than to pass the checks.

use http::request::Parts;
use otp_core::api_key::{KeyKind, KeyRecord};
use otp_core::caller::{Actor, Caller, ClientAddress};
use otp_core::id::KeyId;
use otp_core::realm::Mode;
use otp_core::session::LiveSession;
use otp_core::tenant::{Tenant, World};
use otp_core::tenants::Principal;

use super::proven::{By, Proven, Whence, caller, is_operator};
use super::session::{Refreshed, Resting};
use crate::cookie::Handover;
use crate::edge::RequestId;
use crate::problem::{Problem, ProblemCode};

/// What a caller may prove himself by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A secret key of a customer.
    SecretKey,
    /// A publishable one.
    PublishableKey,
    /// An operator's key.
    OperatorKey,
    /// A user's token.
    UserToken,
    /// The cookie that stands for one.
    SessionCookie,
}

impl Credential {
    /// Every credential there is.
    pub(crate) const ALL: [Self; 5] =
        [Self::SecretKey, Self::PublishableKey, Self::OperatorKey, Self::UserToken, Self::SessionCookie];

    /// That which the contract calls `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|credential| credential.name() == name)
    }

    /// As the contract names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SecretKey => "secretKey",
            Self::PublishableKey => "publishableKey",
            Self::OperatorKey => "operatorKey",
            Self::UserToken => "userToken",
            Self::SessionCookie => "sessionCookie",
        }
    }
}

/// How whoever calls by a key may be refused.
const OF_KEYS: [ProblemCode; 8] = [
    ProblemCode::InvalidApiKey,
    // Of a token that is sent beside the key, and is another customer's.
    ProblemCode::InvalidToken,
    ProblemCode::SecretKeyInBrowser,
    ProblemCode::OriginNotAllowed,
    ProblemCode::CustomerSuspended,
    ProblemCode::CustomerCancelled,
    ProblemCode::IpNotAllowed,
    ProblemCode::InsufficientScope,
];
/// How whoever calls an operator's route may be refused.
const OF_OPERATORS: [ProblemCode; OF_KEYS.len()] = {
    let mut codes = OF_KEYS;
    codes[OF_KEYS.len() - 1] = ProblemCode::OperatorRequired;
    codes
};
/// How whoever calls by a session may be refused, and a key sent beside it.
const OF_SESSIONS: [ProblemCode; 9] = [
    ProblemCode::InvalidApiKey,
    ProblemCode::InvalidToken,
    ProblemCode::SecretKeyInBrowser,
    ProblemCode::OriginNotAllowed,
    ProblemCode::CsrfFailed,
    ProblemCode::CustomerSuspended,
    ProblemCode::CustomerCancelled,
    ProblemCode::IpNotAllowed,
    ProblemCode::InsufficientScope,
];

/// What a handler must hold to run.
pub(crate) trait Capability: Sized + Send {
    /// By what its holder is known.
    const BY: By;
    /// Any one of these gives it.
    const CREDENTIALS: &'static [Credential];
    /// Whether nobody has it without.
    const IS_NEEDED: bool;
    /// How a call without it is refused.
    const REFUSALS: &'static [ProblemCode];

    /// The capability, if what was proven opens it.
    ///
    /// # Errors
    /// `insufficient_scope`, `operator_required`.
    fn admit(proven: Proven) -> Result<Self, Problem>;
}

/// Anybody calls.
pub(crate) struct Anybody {
    from: Whence,
}

impl Anybody {
    /// Whoever sent `parts`.
    pub(crate) fn of(parts: &Parts) -> Self {
        Self { from: Whence::of(parts) }
    }

    /// As limits and audit trail see him.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        caller(Actor::Anybody, request_id, &self.from)
    }
}

impl Capability for Anybody {
    const BY: By = By::Nothing;
    const CREDENTIALS: &'static [Credential] = &[];
    const IS_NEEDED: bool = false;
    const REFUSALS: &'static [ProblemCode] = &[];

    fn admit(proven: Proven) -> Result<Self, Problem> {
        Ok(Self { from: proven.from })
    }
}

/// Somebody calls with a customer's key.
pub(crate) struct KeyCall {
    /// The customer.
    pub(crate) tenant: Tenant,
    /// The key.
    pub(crate) key: KeyRecord,
    from: Whence,
}

impl KeyCall {
    /// The world the key opens.
    pub(crate) fn world(&self) -> World<'_> {
        World { tenant: &self.tenant, mode: self.key.mode }
    }

    /// The address the call comes from, where it is known.
    pub(crate) fn peer(&self) -> Option<ClientAddress> {
        self.from.client
    }

    /// How tokens are handed over to who calls.
    pub(crate) fn handover(&self) -> Handover {
        Handover::of(&self.tenant, self.key.kind == KeyKind::Publishable)
    }

    /// As limits and audit trail see the caller himself.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        caller(Actor::Key(self.key.id), request_id, &self.from)
    }

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let Principal { tenant, key } = proven.key.ok_or(ProblemCode::InvalidApiKey)?;
        match key.kind {
            KeyKind::Secret | KeyKind::Publishable => Ok(Self { tenant, key, from: proven.from }),
            KeyKind::Operator => Err(ProblemCode::InsufficientScope.into()),
        }
    }
}

/// A customer's server or page calls, live or in test mode.
pub(crate) struct AppCall(pub(crate) KeyCall);

impl Capability for AppCall {
    const BY: By = By::Key;
    const CREDENTIALS: &'static [Credential] = &[Credential::SecretKey, Credential::PublishableKey];
    const IS_NEEDED: bool = true;
    const REFUSALS: &'static [ProblemCode] = &OF_KEYS;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        KeyCall::admit(proven).map(Self)
    }
}

/// A customer's server calls, live or in test mode.
pub(crate) struct ServerCall(pub(crate) KeyCall);

impl Capability for ServerCall {
    const BY: By = By::Key;
    const CREDENTIALS: &'static [Credential] = &[Credential::SecretKey];
    const IS_NEEDED: bool = true;
    const REFUSALS: &'static [ProblemCode] = &OF_KEYS;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let call = KeyCall::admit(proven)?;
        if call.key.kind == KeyKind::Secret { Ok(Self(call)) } else { Err(ProblemCode::InsufficientScope.into()) }
    }
}

/// A customer manages his account, by a live secret key.
pub(crate) struct TenantCall(pub(crate) KeyCall);

impl Capability for TenantCall {
    const BY: By = By::Key;
    const CREDENTIALS: &'static [Credential] = &[Credential::SecretKey];
    const IS_NEEDED: bool = true;
    const REFUSALS: &'static [ProblemCode] = &OF_KEYS;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let ServerCall(call) = ServerCall::admit(proven)?;
        match call.key.mode {
            Mode::Live => Ok(Self(call)),
            Mode::Test => Err(ProblemCode::InsufficientScope.into()),
        }
    }
}

/// Whoever runs the service calls.
pub(crate) struct Operator {
    key: KeyRecord,
    from: Whence,
}

impl Operator {
    /// Which key he calls by.
    pub(crate) fn key_id(&self) -> KeyId {
        self.key.id
    }

    /// As the audit trail sees him.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        caller(Actor::Key(self.key.id), request_id, &self.from)
    }
}

impl Capability for Operator {
    const BY: By = By::Key;
    const CREDENTIALS: &'static [Credential] = &[Credential::OperatorKey];
    const IS_NEEDED: bool = true;
    const REFUSALS: &'static [ProblemCode] = &OF_OPERATORS;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let Principal { tenant: _, key } = proven.key.ok_or(ProblemCode::InvalidApiKey)?;
        match key.kind {
            KeyKind::Operator => Ok(Self { key, from: proven.from }),
            KeyKind::Secret | KeyKind::Publishable => Err(ProblemCode::OperatorRequired.into()),
        }
    }
}

/// An end user calls, by his token or his session's cookie.
pub(crate) struct UserCall {
    /// His session.
    pub(crate) live: LiveSession,
    /// The cookie, if it is that.
    pub(crate) resting: Option<Resting>,
    key: Option<KeyRecord>,
    from: Whence,
}

impl UserCall {
    /// As the audit trail sees him: whoever holds the key sent along, else the token.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        let session = Actor::Session(self.live.session.id);
        let actor = self.key.as_ref().map_or(session, |key| Actor::Key(key.id));
        caller(actor, request_id, &of_user(self.key.as_ref(), &self.from))
    }
}

impl Capability for UserCall {
    const BY: By = By::Token;
    const CREDENTIALS: &'static [Credential] = &[Credential::UserToken, Credential::SessionCookie];
    const IS_NEEDED: bool = true;
    const REFUSALS: &'static [ProblemCode] = &OF_SESSIONS;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let key = customers_key(proven.key)?;
        let (_, live) = proven.user.ok_or(ProblemCode::InvalidToken)?;
        Ok(Self { live, resting: proven.resting, key, from: proven.from })
    }
}

/// Someone asks for fresh tokens, by a token in the body or his session's cookie.
pub(crate) struct Refreshing {
    /// The credential and its customer, if it was issued here and to the customer of the key.
    pub(crate) refreshed: Option<Refreshed>,
    /// The cookie that was sent for it, good or not, if the body holds none.
    pub(crate) resting: Option<Resting>,
    key: Option<KeyRecord>,
    from: Whence,
}

impl Refreshing {
    /// How tokens of `tenant` are handed over to who calls.
    pub(crate) fn handover(&self, tenant: &Tenant) -> Handover {
        let by_page = self.key.as_ref().is_some_and(|key| key.kind == KeyKind::Publishable);
        Handover::of(tenant, by_page || self.resting.is_some())
    }

    /// As the audit trail sees him; without a key, the domain puts the session in.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        let actor = self.key.as_ref().map_or(Actor::System, |key| Actor::Key(key.id));
        caller(actor, request_id, &of_user(self.key.as_ref(), &self.from))
    }
}

impl Capability for Refreshing {
    const BY: By = By::Body;
    const CREDENTIALS: &'static [Credential] = &[Credential::SessionCookie];
    const IS_NEEDED: bool = false;
    const REFUSALS: &'static [ProblemCode] = &OF_SESSIONS;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let key = customers_key(proven.key)?;
        Ok(Self { refreshed: proven.refresh, resting: proven.resting, key, from: proven.from })
    }
}

/// The key sent along, which must not be an operator's.
fn customers_key(key: Option<Principal>) -> Result<Option<KeyRecord>, Problem> {
    match key {
        Some(key) if is_operator(&key) => Err(ProblemCode::InsufficientScope.into()),
        key => Ok(key.map(|key| key.key)),
    }
}

/// Where the end user is: not where a secret key comes from, for that is a customer's server.
fn of_user(key: Option<&KeyRecord>, from: &Whence) -> Whence {
    if key.is_some_and(|key| key.kind == KeyKind::Secret) { Whence::default() } else { from.clone() }
}
