//! Values of the domain as they are read back. Whatever does not read back is corrupt, never guessed.

use std::str::FromStr;

use otp_core::realm::Realm;
use otp_core::time::Timestamp;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, de::DeserializeOwned};
use sqlx::Row as _;

use super::Row;
use crate::trouble::{Tried, Trouble};

/// What decoding by name says when there is no such name. It repeats nothing of the value.
type NameError = serde::de::value::Error;

/// Reads a column as a value of the domain.
pub(crate) trait Read {
    /// A text that parses: an id, a purpose.
    fn text<T: FromStr>(&self, column: &'static str) -> Tried<T>;
    /// A text that names a variant of `T`.
    fn named<'de, T: Deserialize<'de>>(&'de self, column: &'static str) -> Tried<T>;
    /// A whole number that fits.
    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Tried<T>;
    /// Milliseconds.
    fn time(&self, column: &'static str) -> Tried<Timestamp>;
    /// Octets, however many.
    fn octets(&self, column: &'static str) -> Tried<Vec<u8>>;
    /// Octets of a hash.
    fn hash(&self, column: &'static str) -> Tried<[u8; 32]>;
    /// A document.
    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Tried<T>;
    /// The columns `tenant` and `mode`.
    fn realm(&self) -> Tried<Realm>;
    /// Whether there is nothing in the column.
    fn is_null(&self, column: &'static str) -> Tried<bool>;
}

impl Read for Row {
    fn text<T: FromStr>(&self, column: &'static str) -> Tried<T> {
        self.try_get::<&str, _>(column)?.parse().map_err(|_| Trouble::unreadable(column))
    }

    fn named<'de, T: Deserialize<'de>>(&'de self, column: &'static str) -> Tried<T> {
        let name: StrDeserializer<'de, NameError> = self.try_get::<&'de str, _>(column)?.into_deserializer();
        T::deserialize(name).map_err(|_| Trouble::unreadable(column))
    }

    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Tried<T> {
        self.try_get::<i64, _>(column)?.try_into().map_err(|_| Trouble::unreadable(column))
    }

    fn time(&self, column: &'static str) -> Tried<Timestamp> {
        Ok(Timestamp::from_millis(self.try_get(column)?))
    }

    fn octets(&self, column: &'static str) -> Tried<Vec<u8>> {
        Ok(self.try_get(column)?)
    }

    fn hash(&self, column: &'static str) -> Tried<[u8; 32]> {
        self.try_get::<&[u8], _>(column)?.try_into().map_err(|_| Trouble::unreadable(column))
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Tried<T> {
        // The error is dropped: serde_json quotes what it could not read.
        serde_json::from_str(self.try_get::<&str, _>(column)?).map_err(|_| Trouble::unreadable(column))
    }

    fn realm(&self) -> Tried<Realm> {
        Ok(Realm { tenant: self.text("tenant")?, mode: self.named("mode")? })
    }

    fn is_null(&self, column: &'static str) -> Tried<bool> {
        use sqlx::ValueRef as _;
        Ok(self.try_get_raw(column)?.is_null())
    }
}
