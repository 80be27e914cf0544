//! Users: found or made by a sign-in.

use std::collections::BTreeMap;

use otp_core::challenge::Challenge;
use otp_core::id::UserId;
use otp_core::keys::AddressKey;
use otp_core::realm::Realm;
use otp_core::session::SignIn;
use otp_core::time::Timestamp;
use otp_core::user::User;

/// Everybody who has signed in.
#[derive(Default)]
pub(crate) struct Users {
    by_id: BTreeMap<(Realm, UserId), User>,
    by_address: BTreeMap<(Realm, AddressKey), UserId>,
    count: BTreeMap<Realm, u32>,
}

impl Users {
    pub(crate) fn by_id(&self, realm: Realm, id: UserId) -> Option<&User> {
        self.by_id.get(&(realm, id))
    }

    pub(crate) fn by_address(&self, realm: Realm, address: AddressKey) -> Option<&User> {
        self.by_address.get(&(realm, address)).and_then(|id| self.by_id(realm, *id))
    }

    /// How many there are.
    pub(crate) fn count(&self, realm: Realm) -> u32 {
        self.count.get(&realm).copied().unwrap_or_default()
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
        self.by_id.insert((realm, user.id), user.clone());
        Some((user, true))
    }
}
