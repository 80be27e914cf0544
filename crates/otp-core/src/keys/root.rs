//! The stored root of the index keys: which master key it is sealed under.

use zeroize::Zeroizing;

use super::{Derived, Keyring, MasterKey, Older, Sealed, at_hand};
use crate::port::RetiredKey;

/// In which context the root is sealed.
pub(super) const CONTEXT: &[u8] = b"root";

/// Which of the master keys at hand opens a stored root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKey {
    /// That in force.
    Current,
    /// One that was in force before: nothing has taken its place yet.
    Older,
}

impl Keyring {
    /// Which of `master`, `previous` and those `retired` opens `root`, if any does: whether [`open`](Self::open) would
    /// succeed on a store that has it, for who must not write there.
    pub fn opens(
        master: &MasterKey,
        previous: Option<&MasterKey>,
        root: &Sealed,
        retired: Vec<RetiredKey>,
    ) -> Option<RootKey> {
        let current = Derived::from(master);
        let older = Older::all(&current, previous, retired);
        let (keys, _) = opened(&current, &older, root)?;
        Some(if keys.kid == current.kid { RootKey::Current } else { RootKey::Older })
    }
}

/// The key at hand that opens `root`, and what is in it.
pub(super) fn opened<'k>(
    current: &'k Derived,
    older: &'k [Older],
    root: &Sealed,
) -> Option<(&'k Derived, Zeroizing<Vec<u8>>)> {
    let keys = at_hand(current, older, root.kid())?;
    keys.seal.open(root, CONTEXT).map(|plain| (keys, Zeroizing::new(plain)))
}

/// None of the keys at hand opens the root.
#[derive(Debug, thiserror::Error)]
#[error(
    "the secret key does not open what is stored; if it takes the place of another, OTP_SECRET_KEY_PREVIOUS has \
     to be that until `otp-server secret rotate` has finished"
)]
pub(super) struct NotTheKey;
