//! Users: read, and their addresses sealed anew. They are made by `ChallengeStore::attempt`.

use async_trait::async_trait;

use crate::fault::Res;
use crate::id::UserId;
use crate::keys::{AddressKey, Sealed};
use crate::realm::Realm;
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;

/// The last user of a page; the next page begins behind him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCursor {
    /// When he first signed in.
    pub created_at: Timestamp,
    /// His id.
    pub id: UserId,
}

/// The address of a user, to be sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// Whose.
    pub user: UserId,
    /// As it was read.
    pub seen: Sealed,
    /// The same, as it is to be kept.
    pub anew: Sealed,
}

/// Knows users.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Up to `max` users of a realm, the newest first, behind `after`.
    ///
    /// # Contract
    /// 1. MUST neither skip nor double one over the pages, ties broken by id, larger first, nor answer one of another
    ///    realm (`users_are_paged`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Res<Vec<User>>;

    /// The user of that id.
    ///
    /// # Contract
    /// 1. MUST answer him from the write on that made him, as of his last sign-in, and nobody to another
    ///    realm (`a_user_is_found`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn by_id(&self, realm: Realm, id: UserId) -> Res<Option<User>>;

    /// The user of that address.
    ///
    /// # Contract
    /// 1. MUST answer as `by_id` does (`a_user_is_found`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn by_address(&self, realm: Realm, address: AddressKey) -> Res<Option<User>>;

    /// The sessions of a user that are live, the newest first.
    ///
    /// # Contract
    /// 1. MUST answer exactly those that [`SessionStore::live`](super::SessionStore::live) would answer, in their present
    ///    generation (`sessions_are_listed`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn sessions(&self, realm: Realm, user: UserId, now: Timestamp) -> Res<Vec<Session>>;

    /// Puts addresses sealed anew in place of those that were seen; answers how many still were what was seen. Nothing
    /// else of a user changes.
    ///
    /// # Contract
    /// 1. MUST replace exactly those that are what was seen, of users of `realm` (`addresses_are_sealed_anew`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn reseal(&self, realm: Realm, addresses: Vec<Resealed>) -> Res<u64>;
}
