//! Ids: a prefix that says of what, and 128 bits as 22 base-62 digits.

use crate::base62;
use crate::fault::Res;
use crate::port::{Entropy, EntropyExt};

/// The text is no id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}…")]
pub struct IdError {
    prefix: &'static str,
}

/// The digits of an id, written out without taking memory for it: ids are in every key of every row.
pub(crate) struct Digits([u8; 22]);

impl Digits {
    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        // Digits are ASCII, so this is never empty.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh one: 128 bits from `entropy`.
            ///
            /// # Errors
            /// When the entropy source faults.
            pub fn generate(entropy: &dyn Entropy) -> Res<Self> {
                Ok(Self(u128::from_be_bytes(entropy.bytes()?)))
            }

            /// From its 128 bits.
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }

            /// Its 128 bits, big endian.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// Its 22 base-62 digits, without the prefix.
            pub(crate) fn digits(self) -> Digits {
                Digits(base62::encode(self.0))
            }

            /// From the 22 digits behind the prefix.
            pub(crate) fn from_digits(digits: &str) -> Option<Self> {
                (digits.len() == 22).then(|| base62::decode(digits)).flatten().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($prefix)?;
                f.write_str(self.digits().as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix).and_then(Self::from_digits).ok_or(IdError { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A tenant: on the wire, a customer.
    TenantId, "cust_"
);
id!(
    /// An API key. Names the key; opens nothing.
    KeyId, "key_"
);
id!(
    /// A challenge: one code sent to one address. Who holds it has attempts of his own.
    ChallengeId, "chl_"
);
id!(
    /// An end user of one tenant and mode.
    UserId, "user_"
);
id!(
    /// A session of one user.
    SessionId, "sess_"
);
id!(
    /// One line of the audit trail.
    AuditId, "aud_"
);
id!(
    /// A key pair that signs tokens.
    SigningKeyId, "sig_"
);
id!(
    /// One mail, the same over all its tries.
    MailId, "mail_"
);

impl TenantId {
    /// The service itself, which is a tenant too: operators and limits over all tenants live here.
    pub const SERVICE: Self = Self(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_back(bits: u128) {
            let id = ChallengeId::from_u128(bits);
            prop_assert_eq!(id.to_string().parse::<ChallengeId>(), Ok(id));
            prop_assert_eq!(id.to_string().len(), 26);
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text: String) {
            if let Ok(id) = text.parse::<TenantId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn one_spelling_each() {
        // 62^22 is above 2^128: a value that would wrap is refused, not folded onto another id.
        assert!("chl_zzzzzzzzzzzzzzzzzzzzzz".parse::<ChallengeId>().is_err());
        assert!("cust_0000000000000000000000".parse::<ChallengeId>().is_err());
        assert_eq!(TenantId::SERVICE.to_string(), "cust_0000000000000000000000");
    }
}
