//! Values of the domain as they are bound.

use std::fmt::Display;

use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use super::Query;

/// Binds values of the domain, in the order of `$1`, `$2`, ….
pub(crate) trait Bind: Sized {
    /// Two values: tenant and mode, with which every key of a tenant's data begins.
    fn realm(self, realm: Realm) -> Self;
    /// An id, or anything else by its text.
    fn text(self, value: impl Display) -> Self;
    /// Milliseconds.
    fn time(self, at: Timestamp) -> Self;
    /// Octets.
    fn octets(self, octets: &[u8]) -> Self;
    /// As many as a column or `LIMIT` can hold, if it is more.
    fn count(self, count: usize) -> Self;
}

impl Bind for Query<'_> {
    fn realm(self, realm: Realm) -> Self {
        self.text(realm.tenant).bind(realm.mode.as_str())
    }

    fn text(self, value: impl Display) -> Self {
        self.bind(value.to_string())
    }

    fn time(self, at: Timestamp) -> Self {
        self.bind(at.as_millis())
    }

    fn octets(self, octets: &[u8]) -> Self {
        self.bind(octets.to_vec())
    }

    fn count(self, count: usize) -> Self {
        self.bind(i64::try_from(count).unwrap_or(i64::MAX))
    }
}
