//! Sessions, from sign-in to their end.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::id::{SessionId, UserId};
use otp_core::port::{Revocation, Revoked, Rotated, Rotation, SessionStore};
use otp_core::realm::Realm;
use otp_core::session::{LiveSession, Session};
use otp_core::time::Timestamp;

use crate::MemoryStore;
use crate::fading::{Ends, Fading};
use crate::state::State;

/// The sessions nobody has ended. One that was ended is dropped at once: no verb tells it from one
/// that never was.
#[derive(Default)]
pub(crate) struct Sessions {
    by_id: Fading<(Realm, SessionId), Session>,
    by_user: BTreeSet<(Realm, UserId, SessionId)>,
}

impl Ends for Session {
    fn ends_at(&self) -> Timestamp {
        Self::ends_at(self)
    }
}

impl Sessions {
    pub(crate) fn open(&mut self, session: Session) {
        self.by_user.insert((session.realm, session.user, session.id));
        self.by_id.keep((session.realm, session.id), session);
    }

    /// Ends a session; answers whether it was live.
    fn end(&mut self, realm: Realm, id: SessionId, now: Timestamp) -> bool {
        let was_live = self.by_id.live(&(realm, id), now).is_some();
        if let Some(session) = self.by_id.remove(&(realm, id)) {
            self.by_user.remove(&(realm, session.user, id));
        }
        was_live
    }

    fn of(&self, realm: Realm, user: UserId) -> Vec<SessionId> {
        let (first, last) = (SessionId::from_u128(0), SessionId::from_u128(u128::MAX));
        self.by_user.range((realm, user, first)..=(realm, user, last)).map(|(_, _, id)| *id).collect()
    }

    /// Those of a user that are live, the newest first.
    pub(crate) fn live_of(&self, realm: Realm, user: UserId, now: Timestamp) -> Vec<Session> {
        let ids = self.of(realm, user).into_iter();
        let mut live: Vec<_> = ids.filter_map(|id| self.by_id.live(&(realm, id), now).cloned()).collect();
        live.sort_by_key(|session| Reverse((session.created_at, session.id)));
        live
    }

    /// Drops every session of a user; answers how many there were.
    pub(crate) fn remove_of(&mut self, realm: Realm, user: UserId) -> u64 {
        let ids = self.of(realm, user);
        for id in &ids {
            self.by_id.remove(&(realm, *id));
            self.by_user.remove(&(realm, user, *id));
        }
        ids.len() as u64
    }

    /// Drops the sessions that have long run out.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        for session in self.by_id.forget(now) {
            self.by_user.remove(&(session.realm, session.user, session.id));
        }
    }

    /// Entries and index entries.
    #[cfg(test)]
    pub(crate) fn lens(&self) -> [usize; 2] {
        [self.by_id.len(), self.by_user.len()]
    }
}

impl State {
    fn live_session(&self, realm: Realm, id: SessionId, now: Timestamp) -> Option<LiveSession> {
        let session = self.sessions.by_id.live(&(realm, id), now)?;
        let user = self.users.by_id(realm, session.user)?;
        Some(LiveSession { session: session.clone(), user: user.clone() })
    }

    pub(crate) fn rotate(&mut self, rotation: Rotation, now: Timestamp) -> Rotated {
        let (realm, id) = (rotation.realm, rotation.session);
        let Some(mut live) = self.live_session(realm, id, now) else { return Rotated::Gone };
        let present = live.session.generation;
        if rotation.generation == present {
            live.session.generation += 1;
            live.session.last_used_at = now;
            live.session.idle_expires_at = now.plus(rotation.idle);
            self.sessions.by_id.keep((realm, id), live.session.clone());
            self.apply(rotation.rotated, now);
            return Rotated::Rotated(Box::new(live));
        }
        // A generation still to come was never issued; it says nothing about the session.
        let Some(grace) = rotation.grace.filter(|_| rotation.generation < present) else { return Rotated::Gone };
        // Had the present token been used, there would be a later one: one generation back means unused.
        let is_last = rotation.generation + 1 == present;
        if is_last && now <= live.session.last_used_at.plus(grace) {
            return Rotated::Replay(Box::new(live));
        }
        self.sessions.end(realm, id, now);
        self.apply(rotation.reused, now);
        Rotated::Reused
    }

    fn revoke(&mut self, revocation: Revocation, now: Timestamp) -> u64 {
        let realm = revocation.realm;
        let ids = match revocation.which {
            Revoked::One(id) => vec![id],
            Revoked::AllOf(user) => self.sessions.of(realm, user),
        };
        let ended = ids.into_iter().filter(|id| self.sessions.end(realm, *id, now)).count();
        if ended > 0 {
            self.apply(revocation.effects, now);
        }
        ended as u64
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn live(&self, realm: Realm, session: SessionId, now: Timestamp) -> Res<Option<LiveSession>> {
        Ok(self.read("memory.live_session")?.live_session(realm, session, now))
    }

    async fn rotate(&self, rotation: Rotation, now: Timestamp) -> Res<Rotated> {
        Ok(self.write("memory.rotate", now)?.rotate(rotation, now))
    }

    async fn revoke(&self, revocation: Revocation, now: Timestamp) -> Res<u64> {
        Ok(self.write("memory.revoke", now)?.revoke(revocation, now))
    }
}
