//! Tokens and the sessions they rest on: issue, accept, refresh, end.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::audit::{AuditEvent, Target};
use crate::caller::{Actor, Caller};
use crate::deployment::Deployment;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::SessionId;
use crate::otp::Verified;
use crate::port::{Age, EntropyExt, Revocation, Revoked, Rotated, Rotation, TokenSigner};
use crate::realm::Realm;
use crate::session::{LiveSession, REPLAY_GRACE};
use crate::tenant::{Tenant, World};
use crate::time::Timestamp;
use crate::token::{self, Claims, CsrfToken, InvalidToken, RefreshToken};

/// Issues tokens for verified codes and answers for them until their session ends.
#[derive(Clone)]
pub struct Sessions {
    deployment: Deployment,
    signer: Arc<dyn TokenSigner>,
    public_url: String,
}

/// The tokens of one generation of a session. `Debug` shows none of them.
#[derive(Clone)]
pub struct Tokens {
    /// The access token, a JWT.
    pub access: String,
    /// When it dies.
    pub access_expires_at: Timestamp,
    /// The refresh token that replaces both.
    pub refresh: RefreshToken,
    /// When that dies unless it is used before.
    pub refresh_expires_at: Timestamp,
    /// When they were issued.
    pub issued_at: Timestamp,
    /// The session they rest on, and its user.
    pub live: LiveSession,
    /// The user's address.
    pub email: EmailAddress,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("session", &self.live.session.id).finish_non_exhaustive()
    }
}

/// A token that was accepted.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// What it says.
    pub claims: Claims,
    /// The session it rests on, and its user.
    pub live: LiveSession,
}

/// What a session is refreshed with. `Debug` tells which kind it is.
#[derive(Clone)]
pub enum RefreshCredential {
    /// Its refresh token.
    Refresh(RefreshToken),
    /// A live access token.
    Access(String),
}

impl fmt::Debug for RefreshCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refresh(_) => "Refresh(…)",
            Self::Access(_) => "Access(…)",
        })
    }
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It is none of ours, or its session is not live.
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    /// It had been replaced and was presented again; its session has ended.
    #[error("the refresh token was used before: its session has ended, sign in again")]
    Reused,
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Sessions {
    /// Over `deployment`, with tokens signed by `signer` and issued in the name of `public_url`,
    /// which has no slash at its end.
    pub fn new(deployment: Deployment, signer: Arc<dyn TokenSigner>, public_url: impl Into<String>) -> Self {
        Self { deployment, signer, public_url: public_url.into() }
    }

    /// The first tokens of the session a verified code of `tenant` has opened.
    ///
    /// # Errors
    /// When the tenant's signing key or entropy cannot be had. The session stays open; a fresh code opens another.
    pub fn issue<'t>(&self, world: impl Into<World<'t>>, verified: &Verified) -> Res<Tokens> {
        self.tokens(world.into(), verified.session(), verified.email().clone(), self.deployment.now())
    }

    /// Whose an access token says it is; nothing is proven by that.
    pub fn realm_claimed(&self, token: &str) -> Option<Realm> {
        token::realm_claimed(&self.public_url, token)
    }

    /// Whether a refresh token was issued here; not whether its session is live.
    pub fn is_genuine(&self, token: &RefreshToken) -> bool {
        token.is_genuine(&self.deployment.keys)
    }

    /// Where a credential was issued, if it was issued here: its signature is proven, but neither that it is in time
    /// nor that its session is live.
    ///
    /// # Errors
    /// When the tenant an access token speaks of cannot be read, with whose key it would be proven.
    pub async fn issued_in(&self, credential: &RefreshCredential) -> Res<Option<Realm>> {
        let token = match credential {
            RefreshCredential::Refresh(token) => return Ok(self.is_genuine(token).then_some(token.realm)),
            RefreshCredential::Access(token) => token,
        };
        let Some(realm) = self.realm_claimed(token) else { return Ok(None) };
        let Some(tenant) = self.deployment.stores.tenants.get(realm.tenant, Age::Kept).await? else { return Ok(None) };
        match self.proven(World { tenant: &tenant, mode: realm.mode }, token).await {
            Ok(_) => Ok(Some(realm)),
            Err(SessionError::Fault(fault)) => Err(fault),
            Err(SessionError::Invalid(_) | SessionError::Reused) => Ok(None),
        }
    }

    /// Accepts an access token of `tenant` whose session is live in the generation it was issued in.
    ///
    /// # Errors
    /// [`SessionError::Invalid`] for every other token.
    pub async fn authenticate(&self, world: impl Into<World<'_>>, token: &str) -> Result<Authenticated, SessionError> {
        let (world, now) = (world.into(), self.deployment.now());
        let claims = self.claims(world, token, now).await?;
        let live = self.deployment.stores.sessions.live(world.realm(), claims.sid, now).await?.ok_or(InvalidToken)?;
        if live.session.generation != claims.generation || live.user.id != claims.sub {
            return Err(InvalidToken.into());
        }
        Ok(Authenticated { claims, live })
    }

    /// Accepts the refresh token in a cookie of `tenant` for what needs a live session and leaves it as it is.
    ///
    /// # Errors
    /// [`SessionError::Invalid`] unless the session is live in the generation the token is of: one that was
    /// replaced has its grace in [`refresh`](Self::refresh) alone.
    pub async fn recognize(
        &self,
        world: impl Into<World<'_>>,
        token: &RefreshToken,
    ) -> Result<LiveSession, SessionError> {
        let (realm, now) = (world.into().realm(), self.deployment.now());
        if token.realm != realm || !token.is_genuine(&self.deployment.keys) {
            return Err(InvalidToken.into());
        }
        let live = self.deployment.stores.sessions.live(realm, token.session, now).await?.ok_or(InvalidToken)?;
        if live.session.generation == token.generation { Ok(live) } else { Err(InvalidToken.into()) }
    }

    /// What a page has to send beside a cookie that holds `token`, which was accepted or issued here.
    ///
    /// # Errors
    /// `Misconfigured` when the key the token was issued under is not at hand.
    pub fn csrf_token(&self, token: &RefreshToken) -> Res<CsrfToken> {
        CsrfToken::beside(token, &self.deployment.keys)
    }

    /// Replaces the tokens of a session. Those held before are dead, but for a refresh token's grace:
    /// presented again within [`REPLAY_GRACE`], it is answered with the same successor while nobody has used that.
    ///
    /// # Errors
    /// [`SessionError::Reused`] when a replaced refresh token ended the session; `Invalid` when there is none to refresh.
    pub async fn refresh(
        &self,
        world: impl Into<World<'_>>,
        credential: &RefreshCredential,
        caller: &Caller,
    ) -> Result<Tokens, SessionError> {
        let (world, now) = (world.into(), self.deployment.now());
        let (session, generation, grace) = match credential {
            RefreshCredential::Refresh(token) => {
                if token.realm != world.realm() || !token.is_genuine(&self.deployment.keys) {
                    return Err(InvalidToken.into());
                }
                (token.session, token.generation, Some(REPLAY_GRACE))
            }
            RefreshCredential::Access(token) => {
                let claims = self.claims(world, token, now).await?;
                (claims.sid, claims.generation, None)
            }
        };
        let rotation = Rotation {
            realm: world.realm(),
            session,
            generation,
            idle: world.settings().tokens.lifetimes().idle,
            grace,
            rotated: self.tell(world.realm(), AuditEvent::SessionRefreshed, session, caller, now)?,
            reused: self.tell(world.realm(), AuditEvent::SessionReuseDetected, session, caller, now)?,
        };
        match self.deployment.stores.sessions.rotate(rotation, now).await? {
            Rotated::Rotated(live) | Rotated::Replay(live) => {
                let email = self.deployment.keys.open_address(live.user.realm, &live.user.address)?;
                Ok(self.tokens(world, *live, email, now)?)
            }
            Rotated::Reused => Err(SessionError::Reused),
            Rotated::Gone => Err(InvalidToken.into()),
        }
    }

    /// Ends an accepted session, or all sessions of its user. Dead on every node once this answers.
    ///
    /// # Errors
    /// When the store cannot be reached; the session may live on then.
    pub async fn end(&self, live: &LiveSession, everywhere: bool, caller: &Caller) -> Res<u64> {
        let LiveSession { session, user } = live;
        let now = self.deployment.now();
        let logged_out = self.deployment.audit(
            session.realm,
            AuditEvent::UserLoggedOut,
            Some(Target::User(user.id)),
            caller,
            now,
        )?;
        let revocation = Revocation {
            realm: session.realm,
            which: if everywhere { Revoked::AllOf(user.id) } else { Revoked::One(session.id) },
            effects: vec![Effect::Audit(logged_out.with("session", session.id.to_string()))],
        };
        self.deployment.stores.sessions.revoke(revocation, now).await
    }

    /// The address of a user, as first verified.
    ///
    /// # Errors
    /// `Corrupt` when it cannot be unsealed.
    pub fn email(&self, live: &LiveSession) -> Res<EmailAddress> {
        self.deployment.keys.open_address(live.user.realm, &live.user.address)
    }

    /// The claims of `token`, if it is one of `world` and in time.
    async fn claims(&self, world: World<'_>, token: &str, now: Timestamp) -> Result<Claims, SessionError> {
        let (realm, (claims, audience)) = (world.realm(), self.proven(world, token).await?);
        let ours = claims.iss == token::issuer(&self.public_url, realm)
            && claims.client_id == realm.tenant
            && claims.aud == audience;
        if ours && claims.in_time(now) { Ok(claims) } else { Err(InvalidToken.into()) }
    }

    /// What `token` says, if `world` has signed it, and for whom its tokens are. A tenant kept in memory may be older than
    /// the pair another node has just begun to sign with: for one it does not know, the store is asked, once.
    async fn proven(&self, world: World<'_>, token: &str) -> Result<(Claims, String), SessionError> {
        let unknown = |key| world.tenant.signing_keys.iter().all(|known| known.id != key);
        if !token::signing_key_claimed(token).is_some_and(unknown) {
            return Ok((self.signer.verify(world, token)?, audience(world.tenant)));
        }
        let fresh = self.deployment.stores.tenants.get(world.tenant.id, Age::Fresh).await?.ok_or(InvalidToken)?;
        Ok((self.signer.verify(World { tenant: &fresh, ..world }, token)?, audience(&fresh)))
    }

    fn tell(
        &self,
        realm: Realm,
        event: AuditEvent,
        session: SessionId,
        caller: &Caller,
        now: Timestamp,
    ) -> Res<Vec<Effect>> {
        // Without a key, the token itself is the authority.
        let actor = if caller.actor == Actor::System { Actor::Session(session) } else { caller.actor };
        let caller = Caller { actor, ..caller.clone() };
        Ok(vec![Effect::Audit(self.deployment.audit(realm, event, Some(Target::Session(session)), &caller, now)?)])
    }

    fn tokens(&self, world: World<'_>, live: LiveSession, email: EmailAddress, now: Timestamp) -> Res<Tokens> {
        let session = &live.session;
        let realm = session.realm;
        // No token outlives its session.
        let access_expires_at = now.plus(world.settings().tokens.lifetimes().access).min(session.expires_at);
        let claims = Claims {
            iss: token::issuer(&self.public_url, realm),
            sub: live.user.id,
            aud: audience(world.tenant),
            client_id: realm.tenant,
            email: email.canonical().to_owned(),
            sid: session.id,
            generation: session.generation,
            jti: URL_SAFE_NO_PAD.encode(self.deployment.entropy.bytes::<16>()?),
            iat: now.as_seconds(),
            nbf: now.as_seconds(),
            exp: access_expires_at.as_seconds(),
            auth_time: session.created_at.as_seconds(),
            amr: vec!["otp".to_owned()],
            purpose: session.purpose.clone(),
        };
        Ok(Tokens {
            access: self.signer.sign(world, &claims)?,
            access_expires_at,
            refresh: RefreshToken::derive(realm, session.id, session.generation, &self.deployment.keys)?,
            refresh_expires_at: session.ends_at(),
            issued_at: now,
            live,
            email,
        })
    }
}

/// For whom the tokens of `tenant` are. Those issued for another before are not accepted any more.
fn audience(tenant: &Tenant) -> String {
    tenant.settings().tokens.audience.clone().unwrap_or_else(|| tenant.id.to_string())
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}
