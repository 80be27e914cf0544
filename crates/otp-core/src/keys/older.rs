//! Master keys that were in force before: what was issued and sealed under them is still good.

use zeroize::Zeroizing;

use super::{Derived, Kid, MasterKey, Sealed};
use crate::fault::Res;
use crate::port::{Entropy, RetiredKey};
use crate::time::Timestamp;

/// A master key that is not in force any more.
pub(crate) struct Older {
    master: MasterKey,
    pub(super) derived: Derived,
    /// How the store keeps it, if it does.
    kept: Option<RetiredKey>,
    /// Whether the configuration names it as the one before.
    is_configured: bool,
}

impl Older {
    fn configured(master: MasterKey, kept: Option<RetiredKey>) -> Self {
        Self { derived: Derived::from(&master), master, kept, is_configured: true }
    }

    fn opened(master: MasterKey, kept: RetiredKey) -> Self {
        Self { derived: Derived::from(&master), master, kept: Some(kept), is_configured: false }
    }

    /// Every one there is beside `current`: `previous`, and those of `kept` that one at hand opens. Which may be sealed
    /// under each other, where a rotation was cut off.
    pub(super) fn all(current: &Derived, previous: Option<&MasterKey>, kept: Vec<RetiredKey>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut closed = kept;
        if let Some(previous) = previous.filter(|previous| previous.kid() != current.kid) {
            let place = closed.iter().position(|kept| kept.kid == previous.kid());
            all.push(Self::configured(previous.clone(), place.map(|place| closed.swap_remove(place))));
        }
        closed.retain(|kept| kept.kid != current.kid);
        loop {
            let (mut opened, mut left) = (Vec::new(), Vec::new());
            for kept in closed {
                match opens(current, &all, &kept) {
                    Some(master) => opened.push(Self::opened(master, kept)),
                    None => left.push(kept),
                }
            }
            if opened.is_empty() {
                return all;
            }
            all.append(&mut opened);
            closed = left;
        }
    }

    /// Names it.
    pub(crate) const fn kid(&self) -> Kid {
        self.derived.kid
    }

    /// From when on nothing needs it, if that is known.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.kept.as_ref()?.until
    }

    /// From when on nothing needs it, where nothing needs from `end` on what was in force until now. A key that is configured
    /// was, even if the store has kept it before: it may have come back in between.
    pub(crate) fn ends(&self, end: Timestamp) -> Timestamp {
        match self.until() {
            Some(until) if self.is_configured => until.max(end),
            Some(until) => until,
            None => end,
        }
    }

    /// As the store is to keep it: sealed under `current`.
    pub(super) fn closed(&self, current: &Derived, entropy: &dyn Entropy) -> Res<Sealed> {
        current.seal.close(&self.master.0, &context(self.kid()), entropy)
    }
}

/// The key `kept`, if one at hand opens it.
fn opens(current: &Derived, others: &[Older], kept: &RetiredKey) -> Option<MasterKey> {
    let context = context(kept.kid);
    let all = std::iter::once(current).chain(others.iter().map(|older| &older.derived));
    let octets = all.into_iter().find_map(|derived| derived.seal.open(&kept.sealed, &context))?;
    Zeroizing::new(octets).as_slice().try_into().map(MasterKey::from_bytes).ok()
}

fn context(kid: Kid) -> Vec<u8> {
    [b"retired-key".as_slice(), &kid.as_u32().to_be_bytes()].concat()
}
