//! Values of the domain as they are bound.

use std::fmt::Display;

use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use super::{Arg, Query};

impl Query {
    /// Two values: tenant and mode, with which every key of a tenant's data begins.
    pub(crate) fn realm(self, realm: Realm) -> Self {
        self.text(realm.tenant).bind(realm.mode.as_str())
    }

    /// An id, or anything else by its text.
    pub(crate) fn text(self, value: impl Display) -> Self {
        self.bind(value.to_string())
    }

    /// Milliseconds.
    pub(crate) fn time(self, at: Timestamp) -> Self {
        self.bind(at.as_millis())
    }

    /// Octets.
    pub(crate) fn octets(self, octets: &[u8]) -> Self {
        self.bind(Arg::Octets(octets.to_vec()))
    }

    /// As many as a column or `LIMIT` can hold, if it is more.
    pub(crate) fn count(self, count: usize) -> Self {
        self.bind(i64::try_from(count).unwrap_or(i64::MAX))
    }
}
