//! What the link in a signup's mail carries. Derived like its code, and stored nowhere.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::challenge::{Challenge, Purpose};
use crate::fault::Res;
use crate::id::ChallengeId;
use crate::keys::{Keyring, MacKey};
use crate::realm::Realm;

/// What every token of a signup begins with.
const PREFIX: &str = "otp_su_";

/// Proves that its holder reads the mail of a signup's address. Taken apart, not proven. Redacted by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignupToken {
    pub(super) challenge: ChallengeId,
    mac: [u8; 32],
}

/// The text has not the form of a signup's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the token of a signup: take the link of the mail as a whole")]
pub struct InvalidSignupToken;

impl SignupToken {
    /// The token of `challenge`.
    pub(crate) fn derive(challenge: &Challenge, keys: &Keyring) -> Res<Self> {
        Ok(Self::under(keys.pepper(challenge.kid)?, challenge.id))
    }

    /// Of the id alone, so that it is known for one of ours when nothing is left of its challenge.
    fn under(pepper: &MacKey, challenge: ChallengeId) -> Self {
        let parts: [&[u8]; 3] = [b"signup-link", &Realm::SERVICE.to_bytes(), &challenge.to_bytes()];
        Self { challenge, mac: pepper.mac(&parts) }
    }

    /// Whether it is the token of `challenge`, and that a signup; in constant time.
    pub(super) fn is_of(&self, challenge: &Challenge, keys: &Keyring) -> Res<bool> {
        let genuine = Self::derive(challenge, keys)?.mac.ct_eq(&self.mac);
        Ok(challenge.purpose == Purpose::signup() && genuine.into())
    }

    /// Whether it was derived here, under any master key at hand; in constant time for each.
    pub(super) fn is_genuine(&self, keys: &Keyring) -> bool {
        keys.peppers().any(|pepper| Self::under(pepper, self.challenge).mac.ct_eq(&self.mac).into())
    }

    /// The token itself: for the link that carries it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}.{}", self.challenge.digits().as_str(), URL_SAFE_NO_PAD.encode(self.mac))
    }
}

impl FromStr for SignupToken {
    type Err = InvalidSignupToken;

    /// Takes a token apart; proves nothing.
    fn from_str(text: &str) -> Result<Self, InvalidSignupToken> {
        let read = || {
            let (id, mac) = text.strip_prefix(PREFIX)?.split_once('.')?;
            let mac = URL_SAFE_NO_PAD.decode(mac).ok()?.try_into().ok()?;
            Some(Self { challenge: ChallengeId::from_digits(id)?, mac })
        };
        read().ok_or(InvalidSignupToken)
    }
}

impl fmt::Debug for SignupToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignupToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_back(challenge: u128, mac: [u8; 32]) {
            let token = SignupToken { challenge: ChallengeId::from_u128(challenge), mac };
            prop_assert_eq!(token.expose().parse(), Ok(token));
        }

        #[test]
        fn reading_is_total(text in "(otp_su_)?[0-9a-zA-Z._-]{0,80}|\\PC{0,40}") {
            if let Ok(token) = text.parse::<SignupToken>() {
                prop_assert_eq!(token.expose().parse(), Ok(token));
            }
        }
    }
}
