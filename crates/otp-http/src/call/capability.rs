//! What a caller has proven, and the capabilities that follow from it. A handler says in its
//! signature which one it needs; there is no other way to get one than to pass the checks.

use http::header::{ORIGIN, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use otp_core::api_key::{KeyKind, KeyRecord};
use otp_core::caller::{Actor, Caller, ClientAddress};
use otp_core::config::OriginAccess;
use otp_core::id::{KeyId, TenantId};
use otp_core::realm::{Mode, Realm};
use otp_core::session::LiveSession;
use otp_core::tenant::{Tenant, World};
use otp_core::tenants::{Principal, Refusal};
use otp_core::token::CsrfToken;

use super::credentials::{Credentials, Sent};
use super::fields::at_most;
use super::session::{self, Refreshed, Resting};
use crate::app::App;
use crate::cookie::Handover;
use crate::edge::{self, Client, Owner, Page, RequestId};
use crate::problem::{self, Problem, ProblemCode, unserved};

/// By what a route knows its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Nothing: whatever credentials come along are not looked at.
    Nothing,
    /// An API key.
    Key,
    /// A user's token, or his session's cookie; a key may stand beside it.
    Token,
    /// A token in the body, or a session's cookie; a key may come with it.
    Body,
}

const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// Longest name of a user's software, in characters.
pub(crate) const MAX_USER_AGENT: usize = 512;

/// Credentials that were found good, and from where they came.
pub(crate) struct Proven {
    key: Option<Principal>,
    user: Option<(Tenant, LiveSession)>,
    refresh: Option<Refreshed>,
    resting: Option<Resting>,
    from: Whence,
}

/// From where a call comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whence {
    /// The address, proxies seen through.
    client: Option<ClientAddress>,
    /// The software, as it names itself; read where somebody is told of it.
    user_agent: Option<HeaderValue>,
}

impl Whence {
    /// Where `parts` come from.
    pub(super) fn of(parts: &Parts) -> Self {
        Self { client: Client::of(parts), user_agent: parts.headers.get(USER_AGENT).cloned() }
    }
}

impl Proven {
    /// Proves what the headers carry, and, of a refresh, what the body does. What is sent must be good, even where
    /// it is not needed.
    ///
    /// # Errors
    /// `invalid_api_key`, `invalid_token`; `unavailable` when it could not be found out.
    pub(super) async fn by(by: By, parts: &Parts, body: &[u8], app: &App) -> Result<Self, Problem> {
        if by == By::Nothing {
            return Ok(Self { key: None, user: None, refresh: None, resting: None, from: Whence::of(parts) });
        }
        let (headers, page) = (&parts.headers, Page::of(parts));
        let sent = Credentials::of(headers);
        let key = match sent.key {
            Sent::Text(text) => {
                let knocking = caller(Actor::Anybody, &RequestId::of(parts), &Whence::of(parts));
                Some(app.tenants.authenticate(text, &knocking).await?)
            }
            Sent::Nothing if by != By::Key => None,
            Sent::Nothing | Sent::Unreadable => return Err(ProblemCode::InvalidApiKey.into()),
        };
        let owner = Owner::of(parts);
        if let Some(key) = &key {
            page.calls(&key.tenant);
            owner.is(Realm { tenant: key.tenant.id, mode: key.key.mode });
        }
        let mut resting = None;
        let user = match (by, sent.token) {
            (By::Token, Sent::Text(token)) => Some(session::by_token(app, token, key.as_ref()).await?),
            // A key that opens nothing here is told so, token or not.
            (By::Token, Sent::Nothing) if key.as_ref().is_some_and(is_operator) => None,
            (By::Token, Sent::Nothing) => {
                let (tenant, live, cookie) = session::by_cookie(app, headers, key.as_ref()).await?;
                resting = Some(cookie);
                Some((tenant, live))
            }
            (By::Token, Sent::Unreadable) => return Err(ProblemCode::InvalidToken.into()),
            (By::Nothing | By::Key | By::Body, Sent::Text(token)) => {
                if key.as_ref().is_some_and(|key| !session::is_of(app, token, key)) {
                    return Err(ProblemCode::InvalidToken.into());
                }
                None
            }
            (By::Nothing | By::Key | By::Body, Sent::Nothing) => None,
            (By::Nothing | By::Key | By::Body, Sent::Unreadable) => return Err(ProblemCode::InvalidApiKey.into()),
        };
        // Looked for here, so that its customer's status comes before whatever else is wrong with the body.
        let mut refresh = None;
        if by == By::Body {
            (refresh, resting) = session::refreshing(app, headers, body, key.as_ref()).await?;
        }
        let proven = Self { key, user, refresh, resting, from: Whence::of(parts) };
        for realm in proven.realms() {
            owner.is(realm);
        }
        proven.tenants().for_each(|tenant| page.calls(tenant));
        Ok(proven)
    }

    /// Whether a cookie stands for what would have to be in the body.
    pub(super) fn rests_on_cookie(&self) -> bool {
        self.resting.is_some()
    }

    /// Refuses a secret key that a browser has sent, a page that its customer does not allow, and a publishable
    /// key or a cookie that changes something and comes from no page at all.
    ///
    /// # Errors
    /// `secret_key_in_browser`, `origin_not_allowed`.
    pub(super) fn refuse_foreign(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let kind = self.key.as_ref().map(|key| key.key.kind);
        if !headers.contains_key(ORIGIN) {
            let of_a_page = kind == Some(KeyKind::Publishable) || self.csrf_token().is_some();
            let homeless = of_a_page && !method.is_safe();
            return if homeless { Err(ProblemCode::OriginNotAllowed.into()) } else { Ok(()) };
        }
        if kind == Some(KeyKind::Secret) {
            return Err(ProblemCode::SecretKeyInBrowser.into());
        }
        let origin = edge::origin(headers).and_then(|origin| origin.to_str().ok());
        let allows =
            |tenant: &Tenant| origin.is_some_and(|origin| tenant.settings().access_of(origin) != OriginAccess::Denied);
        let mut customers = self.tenants().filter(|tenant| tenant.id != TenantId::SERVICE);
        if customers.all(allows) { Ok(()) } else { Err(ProblemCode::OriginNotAllowed.into()) }
    }

    /// Refuses a call that rests on a cookie, changes something, and does not show that it comes from a page that
    /// was given that cookie: a browser sends it along for any.
    ///
    /// # Errors
    /// `csrf_failed`.
    pub(super) fn refuse_forged(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(token) = self.csrf_token().filter(|_| !method.is_safe()) else { return Ok(()) };
        let mut sent = headers.get_all(CSRF_TOKEN).iter();
        match (sent.next(), sent.next()) {
            (Some(sent), None) if token.is(sent.as_bytes()) => Ok(()),
            _ => Err(ProblemCode::CsrfFailed.into()),
        }
    }

    fn csrf_token(&self) -> Option<&CsrfToken> {
        self.resting.as_ref()?.csrf.as_ref()
    }

    /// Refuses every customer who is not served, by key, token, or a credential in the body.
    ///
    /// # Errors
    /// `customer_suspended`, `customer_cancelled`.
    pub(super) fn refuse_unserved(&self) -> Result<(), Problem> {
        match self.tenants().find_map(|tenant| unserved(tenant.status)) {
            Some(code) => Err(code.into()),
            None => Ok(()),
        }
    }

    /// Refuses a secret key that is used from where neither its customer nor itself allows it.
    ///
    /// # Errors
    /// `ip_not_allowed`.
    pub(super) fn refuse_address(&self) -> Result<(), Problem> {
        let Some(Principal { tenant, key }) = self.key.as_ref().filter(|key| key.key.kind == KeyKind::Secret) else {
            return Ok(());
        };
        let lists = [&tenant.settings().allowed_ips, &key.allowed_ips];
        // Where nobody knows the address, a list allows nobody.
        let allows = |list: &&Vec<_>| list.is_empty() || self.from.client.is_some_and(|client| client.is_in(list));
        if lists.iter().all(allows) { Ok(()) } else { Err(ProblemCode::IpNotAllowed.into()) }
    }

    /// Tells the trail of whoever's credential it is that the call was refused at the door. The answer is the same if that
    /// cannot be written down.
    pub(super) async fn tell(&self, refusal: Refusal, parts: &Parts, app: &App) {
        let Some(realm) = self.realms().next() else { return };
        let key = self.key.as_ref().map(|key| key.key.id);
        let actor = key.map_or(Actor::Anybody, Actor::Key);
        let caller = caller(actor, &RequestId::of(parts), &self.from);
        let origin = edge::origin(&parts.headers).and_then(|origin| origin.to_str().ok());
        let origin = origin.filter(|_| refusal == Refusal::Origin).map(|origin| at_most(MAX_USER_AGENT, origin));
        let origin = origin.and_then(Result::ok);
        if let Err(fault) = app.tenants.tell_refusal(refusal, realm, key, &caller, origin).await {
            problem::log(&fault);
        }
    }

    /// The world of each credential.
    fn realms(&self) -> impl Iterator<Item = Realm> {
        let key = self.key.as_ref().map(|key| Realm { tenant: key.tenant.id, mode: key.key.mode });
        let user = self.user.as_ref().map(|(_, live)| live.session.realm);
        let refresh = self.refresh.as_ref().map(|refreshed| refreshed.world().realm());
        [key, user, refresh].into_iter().flatten()
    }

    /// Whoever a credential belongs to.
    fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        let key = self.key.as_ref().map(|key| &key.tenant);
        let user = self.user.as_ref().map(|(tenant, _)| tenant);
        let refresh = self.refresh.as_ref().map(|refreshed| refreshed.world().tenant);
        [key, user, refresh].into_iter().flatten()
    }
}

pub(super) fn is_operator(key: &Principal) -> bool {
    match key.key.kind {
        KeyKind::Operator => true,
        KeyKind::Secret | KeyKind::Publishable => false,
    }
}

/// What a handler must hold to run.
pub(crate) trait Capability: Sized + Send {
    /// By what its holder is known.
    const BY: By;

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

    fn admit(proven: Proven) -> Result<Self, Problem> {
        KeyCall::admit(proven).map(Self)
    }
}

/// A customer's server calls, live or in test mode.
pub(crate) struct ServerCall(pub(crate) KeyCall);

impl Capability for ServerCall {
    const BY: By = By::Key;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let call = KeyCall::admit(proven)?;
        if call.key.kind == KeyKind::Secret { Ok(Self(call)) } else { Err(ProblemCode::InsufficientScope.into()) }
    }
}

/// A customer manages his account, by a live secret key.
pub(crate) struct TenantCall(pub(crate) KeyCall);

impl Capability for TenantCall {
    const BY: By = By::Key;

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

fn caller(actor: Actor, request_id: &RequestId, from: &Whence) -> Caller {
    let agent = from.user_agent.as_ref().and_then(|agent| agent.to_str().ok());
    Caller {
        actor,
        client: from.client,
        user_agent: agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect()),
        request_id: Some(request_id.as_str().to_owned()),
    }
}
