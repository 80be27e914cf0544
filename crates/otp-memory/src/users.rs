//! Users: found or made by a sign-in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use otp_core::challenge::Challenge;
use otp_core::fault::Res;
use otp_core::id::UserId;
use otp_core::keys::AddressKey;
use otp_core::port::{Resealed, UserCursor, UserStore};
use otp_core::realm::Realm;
use otp_core::session::{Session, SignIn};
use otp_core::time::Timestamp;
use otp_core::user::User;

use crate::MemoryStore;

/// Everybody who has signed in.
#[derive(Default)]
pub(crate) struct Users {
    by_id: BTreeMap<(Realm, UserId), User>,
    by_address: BTreeMap<(Realm, AddressKey), UserId>,
    by_age: BTreeSet<(Realm, Timestamp, UserId)>,
    count: BTreeMap<Realm, u32>,
}

impl Users {
    pub(crate) fn by_id(&self, realm: Realm, id: UserId) -> Option<&User> {
        self.by_id.get(&(realm, id))
    }

    pub(crate) fn by_address(&self, realm: Realm, address: AddressKey) -> Option<&User> {
        self.by_address.get(&(realm, address)).and_then(|id| self.by_id(realm, *id))
    }

    fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Vec<User> {
        let first = (realm, Timestamp::from_millis(i64::MIN), UserId::from_u128(0));
        let last = match after {
            Some(UserCursor { created_at, id }) => Bound::Excluded((realm, created_at, id)),
            None => Bound::Included((realm, Timestamp::from_millis(i64::MAX), UserId::from_u128(u128::MAX))),
        };
        let newest_first = self.by_age.range((Bound::Included(first), last)).rev();
        newest_first.filter_map(|(_, _, id)| self.by_id(realm, *id)).take(max).cloned().collect()
    }

    /// How many there are.
    pub(crate) fn count(&self, realm: Realm) -> u32 {
        self.count.get(&realm).copied().unwrap_or_default()
    }

    /// Drops a user; answers who he was.
    pub(crate) fn remove(&mut self, realm: Realm, id: UserId) -> Option<User> {
        let user = self.by_id.remove(&(realm, id))?;
        self.by_address.remove(&(realm, user.address_key));
        self.by_age.remove(&(realm, user.created_at, id));
        *self.count.entry(realm).or_default() -= 1;
        Some(user)
    }

    /// Puts an address sealed anew in place of what was seen; answers whether it was that still.
    fn reseal(&mut self, realm: Realm, address: Resealed) -> bool {
        let user = self.by_id.get_mut(&(realm, address.user)).filter(|user| user.address == address.seen);
        user.map(|user| user.address = address.anew).is_some()
    }

    /// Octets kept of them.
    pub(crate) fn octets(&self, realm: Realm) -> u64 {
        let (first, last) = (UserId::from_u128(0), UserId::from_u128(u128::MAX));
        let users = self.by_id.range((realm, first)..=(realm, last));
        users.map(|(_, user)| (size_of::<User>() + user.address.as_bytes().len()) as u64).sum()
    }

    /// Signs in the user of the challenge's address, and whether it is for the first time; nobody, if there
    /// is no room for one more. A returning user keeps the address he first verified.
    pub(crate) fn sign_in(&mut self, challenge: &Challenge, sign_in: &SignIn, now: Timestamp) -> Option<(User, bool)> {
        let (realm, address_key) = (challenge.realm, challenge.address_key);
        let known = self.by_address.get(&(realm, address_key)).and_then(|id| self.by_id.get_mut(&(realm, *id)));
        if let Some(user) = known {
            user.last_login_at = now;
            return Some((user.clone(), false));
        }
        let count = self.count.entry(realm).or_default();
        if sign_in.max_users.is_some_and(|max| *count >= max) {
            return None;
        }
        *count += 1;
        let user = sign_in.create(realm, address_key, now);
        self.by_address.insert((realm, address_key), user.id);
        self.by_age.insert((realm, user.created_at, user.id));
        self.by_id.insert((realm, user.id), user.clone());
        Some((user, true))
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Res<Vec<User>> {
        Ok(self.read("memory.users")?.users.page(realm, after, max))
    }

    async fn by_id(&self, realm: Realm, id: UserId) -> Res<Option<User>> {
        Ok(self.read("memory.user")?.users.by_id(realm, id).cloned())
    }

    async fn by_address(&self, realm: Realm, address: AddressKey) -> Res<Option<User>> {
        Ok(self.read("memory.user_of_address")?.users.by_address(realm, address).cloned())
    }

    async fn sessions(&self, realm: Realm, user: UserId, now: Timestamp) -> Res<Vec<Session>> {
        Ok(self.read("memory.sessions_of_user")?.sessions.live_of(realm, user, now))
    }

    async fn reseal(&self, realm: Realm, addresses: Vec<Resealed>) -> Res<u64> {
        let mut state = self.read("memory.reseal_users")?;
        let replaced = addresses.into_iter().filter_map(|address| state.users.reseal(realm, address).then_some(1u64));
        Ok(replaced.sum())
    }
}
