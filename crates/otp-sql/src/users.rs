//! Users: found or made by a sign-in.

use std::collections::{BTreeMap, BTreeSet};

use otp_core::challenge::Challenge;
use otp_core::keys::{AddressKey, Sealed};
use otp_core::realm::Realm;
use otp_core::session::SignIn;
use otp_core::time::Timestamp;
use otp_core::user::User;

use crate::sql::{Row, Writes, statements};
use crate::trouble::Tried;

statements! {
    /// Passes over a row whose address has another user by now.
    SIGN_IN(Text, Text, Octets, Text, Octets, Number, Number) = "
        INSERT INTO users (tenant, mode, address_key, id, address, created_at, last_login_at)
        {rows}
        ON CONFLICT (tenant, mode, address_key) DO UPDATE SET last_login_at = excluded.last_login_at
        WHERE users.id = excluded.id";
}

/// The columns of a user in a row that holds other things too, so that [`read`] finds them.
macro_rules! user_columns {
    () => {
        "u.id AS user_id, u.address AS user_address, u.address_key AS user_address_key,
         u.created_at AS user_created_at, u.last_login_at AS user_last_login_at"
    };
}
pub(crate) use user_columns;

/// The user of a row, if it has one.
pub(crate) fn read(row: &Row, realm: Realm) -> Tried<Option<User>> {
    if row.is_null("user_id")? {
        return Ok(None);
    }
    Ok(Some(User {
        id: row.text("user_id")?,
        realm,
        address_key: AddressKey::from_bytes(row.hash("user_address_key")?),
        address: Sealed::from_bytes(row.octets("user_address")?),
        created_at: row.time("user_created_at")?,
        last_login_at: row.time("user_last_login_at")?,
    }))
}

/// The users whose challenges a batch holds.
#[derive(Default)]
pub(crate) struct Users {
    known: BTreeMap<(Realm, AddressKey), User>,
    signed_in: BTreeSet<(Realm, AddressKey)>,
}

impl Users {
    /// Adds a user who was read.
    pub(crate) fn know(&mut self, user: User) {
        self.known.insert((user.realm, user.address_key), user);
    }

    /// Signs in the user of the challenge's address, and whether it is for the first time. A returning
    /// user keeps the address he first verified.
    pub(crate) fn sign_in(&mut self, challenge: &Challenge, sign_in: &SignIn, now: Timestamp) -> (User, bool) {
        let (realm, address_key) = (challenge.realm, challenge.address_key);
        self.signed_in.insert((realm, address_key));
        if let Some(user) = self.known.get_mut(&(realm, address_key)) {
            user.last_login_at = now;
            return (user.clone(), false);
        }
        let user = sign_in.create(realm, address_key, now);
        self.know(user.clone());
        (user, true)
    }

    /// Has those written who signed in.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let users: Vec<_> = self.signed_in.iter().filter_map(|key| self.known.get(key)).collect();
        writes.add(&SIGN_IN, &users, |query, user| {
            let query = query.realm(user.realm).octets(user.address_key.as_bytes()).text(user.id);
            query.octets(user.address.as_bytes()).time(user.created_at).time(user.last_login_at)
        });
    }
}
