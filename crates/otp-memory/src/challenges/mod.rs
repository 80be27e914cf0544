//! Challenges that are open, and the requests and attempts on them.

mod attempt;
mod open;

pub(crate) use open::Remembered;

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::challenge::{Challenge, Lookup, Purpose, SIDE_BY_SIDE};
use otp_core::fault::Res;
use otp_core::id::ChallengeId;
use otp_core::keys::AddressKey;
use otp_core::port::{Attempt, ChallengeStore, Opened, Presented, Request};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::MemoryStore;
use crate::fading::{Ends, Fading};

/// Challenges no code has closed yet. One that is closed is dropped at once: no verb tells it from one
/// that never was.
#[derive(Default)]
pub(crate) struct Challenges {
    by_id: Fading<(Realm, ChallengeId), Open>,
    /// In the order they were opened, which their times need not tell.
    by_address: BTreeMap<(Realm, AddressKey, Purpose), Vec<ChallengeId>>,
}

/// A challenge that is open.
struct Open {
    challenge: Challenge,
    /// When its code was last mailed.
    sent_at: Timestamp,
    /// Attempts spent by who knew its id.
    spent_by_id: u8,
    /// Attempts spent by who knew only the address.
    spent_by_address: u8,
}

impl Ends for Open {
    fn ends_at(&self) -> Timestamp {
        self.challenge.expires_at
    }
}

impl Challenges {
    /// The challenge of that id, if it is live.
    pub(crate) fn live(&self, realm: Realm, id: ChallengeId, now: Timestamp) -> Option<&Challenge> {
        self.by_id.live(&(realm, id), now).map(|open| &open.challenge)
    }

    /// The live challenges of a look-up, newest first. The first is the one whose attempts pay.
    fn of(&self, by: &Lookup, now: Timestamp) -> Vec<&Challenge> {
        match by {
            Lookup::Id { realm, id } => self.live(*realm, *id, now).into_iter().collect(),
            Lookup::Address { realm, purpose, address_key } => {
                let opened = self.by_address.get(&(*realm, *address_key, purpose.clone()));
                let newest_first = opened.into_iter().flatten().rev();
                newest_first.filter_map(|id| self.live(*realm, *id, now)).take(SIDE_BY_SIDE).collect()
            }
        }
    }

    /// Every challenge of an address that nobody has closed, for whatever purpose.
    fn ids_of(&self, realm: Realm, address: AddressKey) -> Vec<ChallengeId> {
        let of_address = self.by_address.iter().filter(|((of, key, _), _)| (*of, *key) == (realm, address));
        of_address.flat_map(|(_, ids)| ids).copied().collect()
    }

    /// Those that are live.
    pub(crate) fn live_of(&self, realm: Realm, address: AddressKey, now: Timestamp) -> Vec<Challenge> {
        let ids = self.ids_of(realm, address).into_iter();
        ids.filter_map(|id| self.live(realm, id, now)).cloned().collect()
    }

    /// Drops all of them; answers which they were.
    pub(crate) fn remove_of(&mut self, realm: Realm, address: AddressKey) -> Vec<ChallengeId> {
        let ids = self.ids_of(realm, address);
        for id in &ids {
            self.by_id.remove(&(realm, *id));
        }
        self.by_address.retain(|(of, key, _), _| (*of, *key) != (realm, address));
        ids
    }

    /// Drops the challenges that have long expired.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        for Open { challenge, .. } in self.by_id.forget(now) {
            let address = (challenge.realm, challenge.address_key, challenge.purpose);
            if let Some(opened) = self.by_address.get_mut(&address) {
                opened.retain(|id| *id != challenge.id);
                if opened.is_empty() {
                    self.by_address.remove(&address);
                }
            }
        }
    }

    /// Entries and index entries.
    #[cfg(test)]
    pub(crate) fn lens(&self) -> [usize; 2] {
        [self.by_id.len(), self.by_address.len()]
    }
}

#[async_trait]
impl ChallengeStore for MemoryStore {
    async fn open(&self, request: Request, now: Timestamp) -> Res<Opened> {
        Ok(self.write("memory.open", now)?.open(request, now))
    }

    async fn foregone(&self, request: &Request, now: Timestamp) -> Res<bool> {
        Ok(self.read("memory.foregone")?.foregone(request, now))
    }

    async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>> {
        Ok(self.read("memory.live")?.challenges.of(by, now).into_iter().cloned().collect())
    }

    async fn attempt(&self, presented: Presented, now: Timestamp) -> Res<Attempt> {
        const OP: &str = "memory.attempt";
        let mut state = self.write(OP, now)?;
        state.still_holds(OP, &presented.on.right)?;
        Ok(state.attempt(presented, now))
    }
}
