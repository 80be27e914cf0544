//! Users, as their tenant sees them: who they are, where they are signed in, and out; what is held on them, and that it goes.

mod erase;
mod export;

pub use export::Held;

use std::fmt;

use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::deployment::Deployment;
use crate::effect::Effect;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{SessionId, UserId};
use crate::port::{Revocation, Revoked, UserCursor};
use crate::realm::Realm;
use crate::session::Session;
use crate::user::User;

/// Knows users.
#[derive(Clone)]
pub struct Users {
    deployment: Deployment,
}

/// A user, and his address. `Debug` does not show that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who he is.
    pub user: User,
    /// His address as first verified.
    pub email: EmailAddress,
}

/// Why nothing is known of a user, or was done about him.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// There is no user, or no live session of his, of that id.
    #[error("there is no such user or session")]
    NotFound,
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Users {
    /// Over `deployment`.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// Up to `max` users of a realm, the newest first, behind `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Res<Vec<Known>> {
        let users = self.deployment.stores.users.page(realm, after, max).await?;
        users.into_iter().map(|user| self.known(user)).collect()
    }

    /// The user of that id.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn by_id(&self, realm: Realm, id: UserId) -> Result<Known, UserError> {
        let user = self.deployment.stores.users.by_id(realm, id).await?.ok_or(UserError::NotFound)?;
        Ok(self.known(user)?)
    }

    /// The user of that address, if there is one.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn by_email(&self, realm: Realm, email: &EmailAddress) -> Res<Option<Known>> {
        let address = self.deployment.keys.address_key(realm, email);
        let user = self.deployment.stores.users.by_address(realm, address).await?;
        user.map(|user| self.known(user)).transpose()
    }

    /// Where a user is signed in, the newest session first.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn sessions(&self, realm: Realm, id: UserId) -> Result<Vec<Session>, UserError> {
        self.by_id(realm, id).await?;
        Ok(self.deployment.stores.users.sessions(realm, id, self.deployment.now()).await?)
    }

    /// One session of a user.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn session(&self, realm: Realm, id: UserId, session: SessionId) -> Result<Session, UserError> {
        let live = self.deployment.stores.sessions.live(realm, session, self.deployment.now()).await?;
        let live = live.filter(|live| live.user.id == id).ok_or(UserError::NotFound)?;
        Ok(live.session)
    }

    /// Ends every session of a user, and answers how many were live. Their tokens are dead on every node before this returns.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn sign_out(&self, realm: Realm, id: UserId, caller: &Caller) -> Result<u64, UserError> {
        self.by_id(realm, id).await?;
        Ok(self.revoke(realm, Revoked::AllOf(id), Target::User(id), caller).await?)
    }

    /// Ends one session of a user.
    ///
    /// # Errors
    /// [`UserError`]; `NotFound` when it had ended by itself.
    pub async fn end(&self, realm: Realm, id: UserId, session: SessionId, caller: &Caller) -> Result<(), UserError> {
        self.session(realm, id, session).await?;
        match self.revoke(realm, Revoked::One(session), Target::Session(session), caller).await? {
            0 => Err(UserError::NotFound),
            _ => Ok(()),
        }
    }

    async fn revoke(&self, realm: Realm, which: Revoked, target: Target, caller: &Caller) -> Res<u64> {
        let now = self.deployment.now();
        let entry = self.deployment.audit(realm, AuditEvent::SessionRevoked, Some(target), caller, now)?;
        let revocation = Revocation { realm, which, effects: vec![Effect::Audit(entry)] };
        self.deployment.stores.sessions.revoke(revocation, now).await
    }

    fn known(&self, user: User) -> Res<Known> {
        let email = self.deployment.keys.open_address(user.realm, &user.address)?;
        Ok(Known { user, email })
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").finish_non_exhaustive()
    }
}
