//! What a caller has proven, and the capabilities that follow from it. A handler says in its
//! signature which one it needs; there is no other way to get one than to pass the checks.

use axum::http::HeaderMap;
use http::header::ORIGIN;
use otp_core::api_key::{KeyKind, KeyRecord};
use otp_core::caller::{Actor, Caller};
use otp_core::realm::Realm;
use otp_core::sessions::{Authenticated, RefreshCredential};
use otp_core::tenant::Tenant;
use otp_core::tenants::Principal;
use otp_core::token::RefreshToken;

use super::credentials::{Credentials, Sent};
use super::json::Node;
use crate::app::App;
use crate::edge::RequestId;
use crate::problem::{Problem, ProblemCode, unserved};

/// By what a route knows its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// An API key.
    Key,
    /// A user's token; a key may stand beside it.
    Token,
    /// A token in the body; a key may come with it.
    Body,
}

/// Credentials that were found good.
pub(crate) struct Proven {
    key: Option<Principal>,
    user: Option<(Tenant, Authenticated)>,
    refresh: Option<(Tenant, RefreshCredential)>,
}

impl Proven {
    /// Proves what the headers carry. What is sent must be good, even where it is not needed.
    ///
    /// # Errors
    /// `invalid_api_key`, `invalid_token`; `unavailable` when it could not be found out.
    pub(super) async fn by(by: By, sent: &Credentials<'_>, app: &App) -> Result<Self, Problem> {
        let key = match sent.key {
            Sent::Text(text) => Some(app.tenants.authenticate(text).await?),
            Sent::Nothing if by != By::Key => None,
            Sent::Nothing | Sent::Unreadable => return Err(ProblemCode::InvalidApiKey.into()),
        };
        let user = match (by, sent.token) {
            (By::Token, Sent::Text(token)) => Some(authenticate(app, token, key.as_ref()).await?),
            // A key that opens nothing here is told so, token or not.
            (By::Token, Sent::Nothing) if key.as_ref().is_some_and(is_operator) => None,
            (By::Token, Sent::Nothing | Sent::Unreadable) => return Err(ProblemCode::InvalidToken.into()),
            (By::Key | By::Body, Sent::Text(token)) => {
                if key.as_ref().is_some_and(|key| !is_of(app, token, &key.tenant)) {
                    return Err(ProblemCode::InvalidToken.into());
                }
                None
            }
            (By::Key | By::Body, Sent::Nothing) => None,
            (By::Key | By::Body, Sent::Unreadable) => return Err(ProblemCode::InvalidApiKey.into()),
        };
        Ok(Self { key, user, refresh: None })
    }

    /// Refuses a secret key that a browser has sent.
    ///
    /// # Errors
    /// `secret_key_in_browser`.
    pub(super) fn refuse_browsers(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let secret = self.key.as_ref().is_some_and(|key| !is_operator(key));
        if secret && headers.contains_key(ORIGIN) { Err(ProblemCode::SecretKeyInBrowser.into()) } else { Ok(()) }
    }

    /// Refuses every customer who is not served, by key, token, or a credential in the body, which is
    /// looked for here so that its customer's status comes before whatever else is wrong with the body.
    ///
    /// # Errors
    /// `customer_suspended`, `customer_cancelled`; `unavailable` when it could not be found out.
    pub(super) async fn refuse_unserved(&mut self, by: By, body: &[u8], app: &App) -> Result<(), Problem> {
        if by == By::Body {
            self.refresh = refreshing(app, body, self.key.as_ref()).await?;
        }
        let tenants = [
            self.key.as_ref().map(|key| &key.tenant),
            self.user.as_ref().map(|(tenant, _)| tenant),
            self.refresh.as_ref().map(|(tenant, _)| tenant),
        ];
        match tenants.into_iter().flatten().find_map(|tenant| unserved(tenant.status)) {
            Some(code) => Err(code.into()),
            None => Ok(()),
        }
    }
}

/// Accepts a user's token, of the key's customer if there is a key.
async fn authenticate(app: &App, token: &str, key: Option<&Principal>) -> Result<(Tenant, Authenticated), Problem> {
    let claimed = app.sessions.realm_claimed(token).ok_or(ProblemCode::InvalidToken)?;
    let tenant = match key {
        Some(key) if key.tenant.id == claimed.tenant => key.tenant.clone(),
        // An operator's key has no customer for the token to be of another.
        Some(key) if !is_operator(key) => return Err(ProblemCode::InvalidToken.into()),
        Some(_) | None => app.tenants.get(claimed.tenant).await?.ok_or(ProblemCode::InvalidToken)?,
    };
    let authenticated = app.sessions.authenticate(&tenant, token).await?;
    Ok((tenant, authenticated))
}

/// Whether a token beside a key is, by its own word, of the key's customer. More is not asked where
/// the token opens nothing: who asks for a fresh code may well carry a stale one.
fn is_of(app: &App, token: &str, tenant: &Tenant) -> bool {
    app.sessions.realm_claimed(token) == Some(Realm::live(tenant.id))
}

/// The credential in the body of a refresh and its customer, if it was issued here, and to the key's
/// customer if there is a key.
async fn refreshing(
    app: &App,
    body: &[u8],
    key: Option<&Principal>,
) -> Result<Option<(Tenant, RefreshCredential)>, Problem> {
    let Some(Node::Object(members)) = Node::parse(body) else { return Ok(None) };
    let credential = members.into_iter().find_map(|(name, value)| match (name.as_str(), value) {
        ("refreshToken", Node::Text(text)) => RefreshToken::parse(&text).ok().map(RefreshCredential::Refresh),
        ("token", Node::Text(text)) => Some(RefreshCredential::Access(text)),
        _ => None,
    });
    let Some(credential) = credential else { return Ok(None) };
    let Some(realm) = app.sessions.issued_in(&credential) else { return Ok(None) };
    let tenant = match key {
        Some(key) if key.tenant.id == realm.tenant => Some(key.tenant.clone()),
        Some(_) => None,
        None => app.tenants.get(realm.tenant).await?,
    };
    Ok(tenant.map(|tenant| (tenant, credential)))
}

fn is_operator(key: &Principal) -> bool {
    match key.key.kind {
        KeyKind::Operator => true,
        KeyKind::Secret => false,
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

/// A customer's server calls, by a secret key.
pub(crate) struct TenantCall {
    /// The customer.
    pub(crate) tenant: Tenant,
    /// The key.
    pub(crate) key: KeyRecord,
}

impl Capability for TenantCall {
    const BY: By = By::Key;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let Principal { tenant, key } = proven.key.ok_or(ProblemCode::InvalidApiKey)?;
        match key.kind {
            KeyKind::Secret => Ok(Self { tenant, key }),
            KeyKind::Operator => Err(ProblemCode::InsufficientScope.into()),
        }
    }
}

/// Whoever runs the service calls.
pub(crate) struct Operator {
    key: KeyRecord,
}

impl Operator {
    /// As the audit trail sees him.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        caller(Actor::Key(self.key.id), request_id)
    }
}

impl Capability for Operator {
    const BY: By = By::Key;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let Principal { tenant: _, key } = proven.key.ok_or(ProblemCode::InvalidApiKey)?;
        match key.kind {
            KeyKind::Operator => Ok(Self { key }),
            KeyKind::Secret => Err(ProblemCode::OperatorRequired.into()),
        }
    }
}

/// An end user calls, by his token.
pub(crate) struct UserCall {
    /// His session.
    pub(crate) authenticated: Authenticated,
    key: Option<KeyRecord>,
}

impl UserCall {
    /// As the audit trail sees him: whoever holds the key sent along, else the token.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        let session = Actor::Session(self.authenticated.live.session.id);
        caller(self.key.as_ref().map_or(session, |key| Actor::Key(key.id)), request_id)
    }
}

impl Capability for UserCall {
    const BY: By = By::Token;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let key = customers_key(proven.key)?;
        let (_, authenticated) = proven.user.ok_or(ProblemCode::InvalidToken)?;
        Ok(Self { authenticated, key })
    }
}

/// Someone asks for fresh tokens, by a token in the body.
pub(crate) struct Refreshing {
    /// The credential and its customer, if it was issued here and to the customer of the key.
    pub(crate) credential: Option<(Tenant, RefreshCredential)>,
    key: Option<KeyRecord>,
}

impl Refreshing {
    /// As the audit trail sees him; without a key, the domain puts the session in.
    pub(crate) fn caller(&self, request_id: &RequestId) -> Caller {
        caller(self.key.as_ref().map_or(Actor::System, |key| Actor::Key(key.id)), request_id)
    }
}

impl Capability for Refreshing {
    const BY: By = By::Body;

    fn admit(proven: Proven) -> Result<Self, Problem> {
        let key = customers_key(proven.key)?;
        Ok(Self { credential: proven.refresh, key })
    }
}

/// The key sent along, which must not be an operator's.
fn customers_key(key: Option<Principal>) -> Result<Option<KeyRecord>, Problem> {
    match key {
        Some(key) if is_operator(&key) => Err(ProblemCode::InsufficientScope.into()),
        key => Ok(key.map(|key| key.key)),
    }
}

fn caller(actor: Actor, request_id: &RequestId) -> Caller {
    Caller { request_id: Some(request_id.as_str().to_owned()), ..Caller::of(actor) }
}
