//! A person is erased.

use std::cmp::Reverse;

use async_trait::async_trait;
use otp_core::challenge::Challenge;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::id::UserId;
use otp_core::keys::AddressKey;
use otp_core::port::{Erased, Erasure};
use otp_core::realm::{Mode, Realm};
use otp_core::time::Timestamp;

use crate::MemoryStore;
use crate::state::State;

impl State {
    fn erase(&mut self, realm: Realm, id: UserId, effects: Vec<Effect>, now: Timestamp) -> Option<Erased> {
        let user = self.users.remove(realm, id)?;
        let challenges = self.challenges.remove_of(realm, user.address_key);
        let erased = Erased {
            sessions: self.sessions.remove_of(realm, id),
            mails: self.queue.remove_of(realm, &challenges),
            challenges: challenges.len() as u64,
        };
        self.apply(effects, now);
        Some(erased)
    }

    /// Octets kept of a world's users and trail.
    pub(crate) fn octets(&self, realm: Realm) -> u64 {
        let trail = match realm.mode {
            Mode::Live => self.trails.octets(realm.tenant),
            Mode::Test => 0,
        };
        trail + self.users.octets(realm)
    }
}

#[async_trait]
impl Erasure for MemoryStore {
    async fn challenges_of(&self, realm: Realm, address: AddressKey, now: Timestamp) -> Res<Vec<Challenge>> {
        let mut live = self.read("memory.challenges_of")?.challenges.live_of(realm, address, now);
        live.sort_by_key(|challenge| Reverse((challenge.created_at, challenge.id)));
        Ok(live)
    }

    async fn erase(&self, realm: Realm, user: UserId, effects: Vec<Effect>, now: Timestamp) -> Res<Option<Erased>> {
        Ok(self.write("memory.erase", now)?.erase(realm, user, effects, now))
    }
}
