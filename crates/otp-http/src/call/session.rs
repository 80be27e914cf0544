//! The session a call is made in: named by a user's token, by a cookie, or by a credential in the body.

use http::{HeaderMap, HeaderValue};
use otp_core::api_key::KeyKind;
use otp_core::config::SameSite;
use otp_core::port::Age;
use otp_core::realm::{Mode, Realm};
use otp_core::session::LiveSession;
use otp_core::sessions::RefreshCredential;
use otp_core::tenant::{Tenant, World};
use otp_core::tenants::Principal;
use otp_core::token::{CsrfToken, RefreshToken};

use super::json::Node;
use super::proven::is_operator;
use crate::app::App;
use crate::cookie::SentCookie;
use crate::problem::{Problem, ProblemCode};

/// A credential to refresh by, and where it was issued.
pub(crate) struct Refreshed {
    /// By whom.
    tenant: Tenant,
    /// In which of his worlds.
    mode: Mode,
    /// What it is.
    pub(crate) credential: RefreshCredential,
}

impl Refreshed {
    /// Where it was issued.
    pub(crate) fn world(&self) -> World<'_> {
        World { tenant: &self.tenant, mode: self.mode }
    }
}

/// The cookie a call rests on.
pub(crate) struct Resting {
    realm: Realm,
    same_site: SameSite,
    /// What its page has to send beside it; nothing, if the cookie is none of ours or its customer's pages hold none.
    pub(crate) csrf: Option<CsrfToken>,
}

impl Resting {
    /// Has the browser drop it.
    ///
    /// # Errors
    /// As [`Cookies::drop`](crate::cookie::Cookies::drop).
    pub(crate) fn dropped(&self, app: &App) -> Result<HeaderValue, Problem> {
        app.cookies.drop(self.realm, self.same_site)
    }
}

/// Accepts a user's token, of the key's customer and mode if there is a key.
///
/// # Errors
/// `invalid_token`; `unavailable` when it could not be found out.
pub(super) async fn by_token(
    app: &App,
    token: &str,
    key: Option<&Principal>,
) -> Result<(Tenant, LiveSession), Problem> {
    let claimed = app.sessions.realm_claimed(token).ok_or(ProblemCode::InvalidToken)?;
    let tenant = match key {
        Some(key) if realm_of(key) == claimed => key.tenant.clone(),
        // An operator's key has no customer for the token to be of another.
        Some(key) if !is_operator(key) => return Err(ProblemCode::InvalidToken.into()),
        Some(_) | None => app.tenants.get(claimed.tenant, Age::Kept).await?.ok_or(ProblemCode::InvalidToken)?,
    };
    let authenticated = app.sessions.authenticate(World { tenant: &tenant, mode: claimed.mode }, token).await?;
    Ok((tenant, authenticated.live))
}

/// Accepts a session's cookie.
///
/// # Errors
/// `invalid_token` when there is none, or none to rest on; `unavailable` when it could not be found out.
pub(super) async fn by_cookie(
    app: &App,
    headers: &HeaderMap,
    key: Option<&Principal>,
) -> Result<(Tenant, LiveSession, Resting), Problem> {
    let sent = sent_cookie(app, headers, key).ok_or(ProblemCode::InvalidToken)?;
    let (kept, resting) = rest_on(app, sent, key).await?;
    let (tenant, token) = kept.ok_or(ProblemCode::InvalidToken)?;
    let live = app.sessions.recognize(World { tenant: &tenant, mode: token.realm().mode }, &token).await?;
    Ok((tenant, live, resting))
}

/// The credential of a refresh and its customer, if it was issued here, and to the key's customer and mode if
/// there is a key; and the cookie it comes from, if the body holds none.
///
/// # Errors
/// `unavailable` when it could not be found out.
pub(super) async fn refreshing(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
    key: Option<&Principal>,
) -> Result<(Option<Refreshed>, Option<Resting>), Problem> {
    let credential = match InBody::of(body) {
        InBody::Credential(credential) => credential,
        InBody::Unusable => return Ok((None, None)),
        InBody::Nothing => {
            let Some(sent) = sent_cookie(app, headers, key) else { return Ok((None, None)) };
            let (kept, resting) = rest_on(app, sent, key).await?;
            let refreshed = kept.map(|(tenant, token)| {
                let mode = token.realm().mode;
                Refreshed { tenant, mode, credential: RefreshCredential::Refresh(token) }
            });
            return Ok((refreshed, Some(resting)));
        }
    };
    let Some(realm) = app.sessions.issued_in(&credential).await? else { return Ok((None, None)) };
    let tenant = customer_of(app, realm, key).await?;
    Ok((tenant.map(|tenant| Refreshed { tenant, mode: realm.mode, credential }), None))
}

/// Whether a token beside a key is, by its own word, of the key's customer and mode. More is not asked where
/// the token opens nothing: who asks for a fresh code may well carry a stale one.
pub(super) fn is_of(app: &App, token: &str, key: &Principal) -> bool {
    app.sessions.realm_claimed(token) == Some(realm_of(key))
}

/// The world a key opens.
pub(super) fn realm_of(key: &Principal) -> Realm {
    Realm { tenant: key.tenant.id, mode: key.key.mode }
}

/// The customer of `realm`; nobody, if the key opens another world.
async fn customer_of(app: &App, realm: Realm, key: Option<&Principal>) -> Result<Option<Tenant>, Problem> {
    match key {
        Some(key) if realm_of(key) == realm => Ok(Some(key.tenant.clone())),
        Some(_) => Ok(None),
        None => Ok(app.tenants.get(realm.tenant, Age::Kept).await?),
    }
}

/// The cookie a call may rest on: that of the world its key opens, or, without a key, the only one there is.
/// A server, which holds another kind of key, has none of its own.
fn sent_cookie(app: &App, headers: &HeaderMap, key: Option<&Principal>) -> Option<SentCookie> {
    match key {
        Some(key) if key.key.kind == KeyKind::Publishable => app.cookies.sent(headers, Some(realm_of(key))),
        Some(_) => None,
        None => app.cookies.sent(headers, None),
    }
}

/// What `sent` comes to: the token it holds and its customer, if it was issued here and the customer's pages still
/// hold sessions by cookies; either way, how to be rid of it.
async fn rest_on(
    app: &App,
    sent: SentCookie,
    key: Option<&Principal>,
) -> Result<(Option<(Tenant, RefreshToken)>, Resting), Problem> {
    let mut resting = Resting { realm: sent.realm, same_site: SameSite::default(), csrf: None };
    let Some(token) = sent.token.filter(|token| app.sessions.is_genuine(token)) else { return Ok((None, resting)) };
    let Some(tenant) = customer_of(app, sent.realm, key).await? else { return Ok((None, resting)) };
    let session = &tenant.settings().session;
    resting.same_site = session.same_site();
    if !session.cookie() {
        return Ok((None, resting));
    }
    resting.csrf = Some(app.sessions.csrf_token(&token)?);
    Ok((Some((tenant, token)), resting))
}

/// What the body of a refresh holds.
enum InBody {
    /// No member that would be a credential, as far as it can be read.
    Nothing,
    /// One that cannot be any.
    Unusable,
    /// This one.
    Credential(RefreshCredential),
}

impl InBody {
    fn of(body: &[u8]) -> Self {
        let Some(Node::Object(members)) = Node::parse(body) else { return Self::Nothing };
        let mut found = Self::Nothing;
        for (name, value) in members {
            let credential = match (name.as_str(), value) {
                ("refreshToken", Node::Text(text)) => RefreshToken::parse(&text).ok().map(RefreshCredential::Refresh),
                ("token", Node::Text(text)) => Some(RefreshCredential::Access(text)),
                ("refreshToken" | "token", _) => None,
                _ => continue,
            };
            match credential {
                Some(credential) => return Self::Credential(credential),
                None => found = Self::Unusable,
            }
        }
        found
    }
}
