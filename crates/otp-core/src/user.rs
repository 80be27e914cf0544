//! End users: who has signed in at a tenant at least once.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::keys::{AddressKey, Sealed};
use crate::realm::Realm;
use crate::time::Timestamp;

/// Someone who has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Names him.
    pub id: UserId,
    /// Whose user he is.
    pub realm: Realm,
    /// By what he is found.
    pub address_key: AddressKey,
    /// His address as first verified, sealed: where mail goes from then on.
    pub address: Sealed,
    /// When he first signed in.
    pub created_at: Timestamp,
    /// When he last signed in.
    pub last_login_at: Timestamp,
}
