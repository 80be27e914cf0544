//! Refresh tokens: derived like codes, stored nowhere.
//!
//! A token names its session and generation and carries a MAC over both. That the store holds no
//! trace of it is what lets a replay within the grace be answered with the very same successor.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::fault::{Fault, Res};
use crate::id::{SessionId, TenantId};
use crate::keys::{Keyring, Kid};
use crate::realm::{Mode, Realm};

use super::InvalidToken;

/// What every refresh token begins with.
const PREFIX: &str = "otp_rt_";

/// A refresh token, taken apart. Its MAC is not proven until `Sessions::refresh`. Redacted by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub(super) kid: Kid,
    pub(crate) realm: Realm,
    pub(crate) session: SessionId,
    pub(crate) generation: u32,
    mac: [u8; 32],
}

impl RefreshToken {
    /// The token of `generation` of a session.
    pub(crate) fn derive(realm: Realm, session: SessionId, generation: u32, keys: &Keyring) -> Res<Self> {
        let kid = keys.kid();
        let key = keys.refresh(kid).ok_or_else(|| Fault::misconfigured("token.refresh", "no key of that id"))?;
        let mac = key.mac(&parts(&realm.to_bytes(), &session.to_bytes(), &generation.to_be_bytes()));
        Ok(Self { kid, realm, session, generation, mac })
    }

    /// Takes a token apart; proves nothing.
    ///
    /// # Errors
    /// [`InvalidToken`] when it has not the form of one.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        Self::read(text).ok_or(InvalidToken)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('.');
        let kid = parts.next()?.parse().ok()?;
        let mode = match parts.next()? {
            "live" => Mode::Live,
            "test" => Mode::Test,
            _ => return None,
        };
        let tenant = TenantId::from_digits(parts.next()?)?;
        let session = SessionId::from_digits(parts.next()?)?;
        let generation = parts.next()?.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
        parts.next().is_none().then_some(Self { kid, realm: Realm { tenant, mode }, session, generation, mac })
    }

    /// Whether it was issued under these keys.
    pub(crate) fn is_genuine(&self, keys: &Keyring) -> bool {
        keys.refresh(self.kid).is_some_and(|key| {
            key.verifies(
                &parts(&self.realm.to_bytes(), &self.session.to_bytes(), &self.generation.to_be_bytes()),
                &self.mac,
            )
        })
    }

    /// Whose it says it is.
    pub const fn realm(&self) -> Realm {
        self.realm
    }

    /// The token itself: for the answer that hands it over.
    pub fn expose(&self) -> String {
        format!(
            "{PREFIX}{}.{}.{}.{}.{}.{}",
            self.kid,
            self.realm.mode.as_str(),
            self.realm.tenant.digits().as_str(),
            self.session.digits().as_str(),
            self.generation,
            URL_SAFE_NO_PAD.encode(self.mac),
        )
    }
}

const fn parts<'a>(realm: &'a [u8], session: &'a [u8], generation: &'a [u8]) -> [&'a [u8]; 3] {
    [realm, session, generation]
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_back(kid: u32, tenant: u128, session: u128, generation: u32, mac: [u8; 32], test: bool) {
            let mode = if test { Mode::Test } else { Mode::Live };
            let realm = Realm { tenant: TenantId::from_u128(tenant), mode };
            let token = RefreshToken { kid: Kid::from_u32(kid), realm, session: SessionId::from_u128(session), generation, mac };
            prop_assert_eq!(RefreshToken::parse(&token.expose()), Ok(token));
        }

        #[test]
        fn reading_is_total(text in "(otp_rt_)?[0-9a-zA-Z.]{0,120}|\\PC{0,60}") {
            if let Ok(token) = RefreshToken::parse(&text) {
                prop_assert_eq!(RefreshToken::parse(&token.expose()), Ok(token));
            }
        }
    }
}
