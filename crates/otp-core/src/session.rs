//! Sessions: what a verified code opens, and what every token of it rests on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::challenge::Purpose;
use crate::effect::Effect;
use crate::id::{SessionId, UserId};
use crate::keys::{AddressKey, Sealed};
use crate::realm::Realm;
use crate::tenant::Tenant;
use crate::time::Timestamp;
use crate::user::User;

/// How long after its replacement a refresh token may be presented again, by who did not get the answer.
pub const REPLAY_GRACE: Duration = Duration::from_secs(10);

/// How long sessions and their tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetimes {
    /// Access tokens.
    pub access: Duration,
    /// A session nobody refreshes.
    pub idle: Duration,
    /// Any session.
    pub absolute: Duration,
}

impl Default for Lifetimes {
    /// 7 hours, 14 days, 30 days.
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            access: Duration::from_secs(7 * 3600),
            idle: Duration::from_secs(14 * DAY),
            absolute: Duration::from_secs(30 * DAY),
        }
    }
}

/// One sign-in and all the tokens issued for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names it.
    pub id: SessionId,
    /// Whose.
    pub realm: Realm,
    /// Who signed in.
    pub user: UserId,
    /// What the code was for that opened it.
    pub purpose: Purpose,
    /// How often it was refreshed. Tokens carry the generation they were issued in; older ones are dead.
    pub generation: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last refreshed, or opened.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed.
    pub idle_expires_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

impl Session {
    /// When it ends if nothing happens.
    pub fn ends_at(&self) -> Timestamp {
        self.idle_expires_at.min(self.expires_at)
    }
}

/// What a right code opens.
#[derive(Debug, Clone, PartialEq)]
pub struct SignIn {
    /// The id of the user if this address signs in for the first time.
    pub user: UserId,
    /// The address, sealed, kept if this is the first time.
    pub address: Sealed,
    /// The id of the session to open.
    pub session: SessionId,
    /// How long the session may live.
    pub lifetimes: Lifetimes,
    /// How many users there may be with this one, if it is the first time; no bound, if absent.
    pub max_users: Option<u32>,
    /// What else to write if this is the first time.
    pub created: Vec<Effect>,
    /// The tenant it registers.
    pub registers: Option<Box<Tenant>>,
}

impl SignIn {
    /// The user it creates if the address signs in for the first time.
    pub fn create(&self, realm: Realm, address_key: AddressKey, now: Timestamp) -> User {
        let address = self.address.clone();
        User { id: self.user, realm, address_key, address, created_at: now, last_login_at: now }
    }

    /// The session it opens for `user`.
    pub fn open(&self, user: UserId, realm: Realm, purpose: Purpose, now: Timestamp) -> Session {
        Session {
            id: self.session,
            realm,
            user,
            purpose,
            generation: 0,
            created_at: now,
            last_used_at: now,
            idle_expires_at: now.plus(self.lifetimes.idle),
            expires_at: now.plus(self.lifetimes.absolute),
        }
    }
}

/// A session and whose it is, as one read gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
}
