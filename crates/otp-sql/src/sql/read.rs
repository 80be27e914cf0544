//! Values of the domain as they are read back. Whatever does not read back is corrupt, never guessed.

use std::str::FromStr;

use otp_core::realm::Realm;
use otp_core::time::Timestamp;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, de::DeserializeOwned};

use super::Row;
use crate::trouble::{Tried, Trouble};

/// What decoding by name says when there is no such name. It repeats nothing of the value.
type NameError = serde::de::value::Error;

impl Row {
    /// A text that parses: an id, a purpose.
    pub(crate) fn text<T: FromStr>(&self, column: &'static str) -> Tried<T> {
        self.str(column)?.parse().map_err(|_| Trouble::unreadable(column))
    }

    /// A text that names a variant of `T`.
    pub(crate) fn named<'de, T: Deserialize<'de>>(&'de self, column: &'static str) -> Tried<T> {
        let name: StrDeserializer<'de, NameError> = self.str(column)?.into_deserializer();
        T::deserialize(name).map_err(|_| Trouble::unreadable(column))
    }

    /// A whole number that fits.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Tried<T> {
        self.i64(column)?.try_into().map_err(|_| Trouble::unreadable(column))
    }

    /// Milliseconds.
    pub(crate) fn time(&self, column: &'static str) -> Tried<Timestamp> {
        Ok(Timestamp::from_millis(self.i64(column)?))
    }

    /// Octets, however many.
    pub(crate) fn octets(&self, column: &'static str) -> Tried<Vec<u8>> {
        Ok(self.bytes(column)?.to_vec())
    }

    /// Octets of a hash.
    pub(crate) fn hash(&self, column: &'static str) -> Tried<[u8; 32]> {
        self.bytes(column)?.try_into().map_err(|_| Trouble::unreadable(column))
    }

    /// A document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Tried<T> {
        // The error is dropped: serde_json quotes what it could not read.
        serde_json::from_str(self.str(column)?).map_err(|_| Trouble::unreadable(column))
    }

    /// The columns `tenant` and `mode`.
    pub(crate) fn realm(&self) -> Tried<Realm> {
        Ok(Realm { tenant: self.text("tenant")?, mode: self.named("mode")? })
    }
}
