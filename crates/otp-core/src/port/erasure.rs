//! Erasing a person.

use async_trait::async_trait;

use crate::challenge::Challenge;
use crate::effect::Effect;
use crate::fault::Res;
use crate::id::UserId;
use crate::keys::AddressKey;
use crate::realm::Realm;
use crate::time::Timestamp;

/// What was erased besides the user himself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Sessions of his, live or ended.
    pub sessions: u64,
    /// Challenges of his address.
    pub challenges: u64,
    /// Mails to it that waited in the outbox.
    pub mails: u64,
}

/// Finds and erases what is kept of a person. Implemented by who keeps tenants.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Erasure: Send + Sync {
    /// The live challenges of an address, for whatever purpose, the newest first.
    ///
    /// # Contract
    /// 1. MUST answer all of them, and none of another realm (`a_person_is_erased`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn challenges_of(&self, realm: Realm, address: AddressKey, now: Timestamp) -> Res<Vec<Challenge>>;

    /// Erases a user, his sessions, the challenges of his address and the mails that wait for those, and writes `effects`;
    /// nothing, if there is no such user. His sign-ins stay counted.
    ///
    /// # Contract
    /// 1. MUST erase all of it, and nothing of anybody else, in one atomic step with its effects (`a_person_is_erased`).
    /// 2. MUST make room for another user (`an_erased_user_makes_room`).
    /// 3. MUST be done by one of all who race (`a_person_is_erased_once`), and let whoever signs in again be a new user.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn erase(&self, realm: Realm, user: UserId, effects: Vec<Effect>, now: Timestamp) -> Res<Option<Erased>>;
}
