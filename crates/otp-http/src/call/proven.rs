//! What a caller has proven: credentials that were found good, and what is refused whatever they open.

use http::header::{ORIGIN, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use otp_core::api_key::KeyKind;
use otp_core::caller::{Actor, Caller, ClientAddress};
use otp_core::config::OriginAccess;
use otp_core::id::TenantId;
use otp_core::realm::Realm;
use otp_core::session::LiveSession;
use otp_core::tenant::Tenant;
use otp_core::tenants::{Principal, Refusal};
use otp_core::token::CsrfToken;

use super::credentials::{Credentials, Sent};
use super::fields::at_most;
use super::session::{self, Refreshed, Resting};
use crate::app::App;
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
    pub(super) key: Option<Principal>,
    pub(super) user: Option<(Tenant, LiveSession)>,
    pub(super) refresh: Option<Refreshed>,
    pub(super) resting: Option<Resting>,
    pub(super) from: Whence,
}

/// From where a call comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whence {
    /// The address, proxies seen through.
    pub(super) client: Option<ClientAddress>,
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
            owner.is(session::realm_of(key));
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
        let key = self.key.as_ref().map(session::realm_of);
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

/// Who calls, as limits and audit trail see him.
pub(super) fn caller(actor: Actor, request_id: &RequestId, from: &Whence) -> Caller {
    let agent = from.user_agent.as_ref().and_then(|agent| agent.to_str().ok());
    Caller {
        actor,
        client: from.client,
        user_agent: agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect()),
        request_id: Some(request_id.as_str().to_owned()),
    }
}
