//! Everything the store holds.

use std::collections::BTreeMap;

use otp_core::keys::{Kid, Sealed};
use otp_core::port::RetiredKey;
use otp_core::time::Timestamp;

use crate::calls::Calls;
use crate::challenges::{Challenges, Remembered};
use crate::limits::Limits;
use crate::outbox::Queue;
use crate::sessions::Sessions;
use crate::tenants::Tenants;
use crate::traffic::Log;
use crate::trails::Trails;
use crate::usage::Usage;
use crate::users::Users;

/// Everything the store holds. Each verb is a function of it, written next to its port.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) challenges: Challenges,
    pub(crate) remembered: Remembered,
    pub(crate) calls: Calls,
    pub(crate) limits: Limits,
    pub(crate) queue: Queue,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) tenants: Tenants,
    pub(crate) usage: Usage,
    pub(crate) traffic: Log,
    pub(crate) trails: Trails,
    pub(crate) root: Option<Sealed>,
    pub(crate) retired: BTreeMap<Kid, RetiredKey>,
}

impl State {
    /// Drops what has ended, so that a long-lived process does not grow by what nobody can ask for.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.challenges.forget(now);
        self.remembered.forget(now);
        self.calls.forget(now);
        self.limits.forget(now);
        self.sessions.forget(now);
        self.retired.retain(|_, key| key.until.is_none_or(|until| until > now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use otp_core::challenge::{Challenge, Lookup, Purpose};
    use otp_core::id::{ChallengeId, SessionId, TenantId, UserId};
    use otp_core::keys::{AddressKey, Kid, Sealed, Subject};
    use otp_core::limit::{DAY, Draw, HOUR, LimitKey, Rule, Window};
    use otp_core::port::{
        Attempt, AttemptEffects, Idempotency, Opened, Opening, Presented, Request, Rotated, Rotation,
    };
    use otp_core::realm::Realm;
    use otp_core::session::{Lifetimes, SignIn};

    use super::*;

    const REALM: Realm = Realm::live(TenantId::from_u128(1));
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    /// The code of challenge `number` is asked for, in a life of ten minutes.
    fn request(state: &mut State, number: u8) {
        let challenge = Challenge {
            id: ChallengeId::from_u128(number.into()),
            realm: REALM,
            purpose: Purpose::default(),
            address_key: AddressKey::from_bytes([number; 32]),
            address: Sealed::from_bytes(vec![]),
            note: None,
            kid: Kid::from_u32(0),
            code_length: 9,
            max_attempts: 5,
            created_at: NOW,
            expires_at: NOW.plus(10 * MINUTE),
        };
        let key = LimitKey { realm: REALM, rule: Rule::EmailDay, subject: Subject::from_bytes([number; 32]) };
        let request = Request {
            opening: Opening::New(challenge),
            draws: vec![Draw::new(key, 1, Window::Sliding(DAY))],
            idempotency: Some(Idempotency {
                key: [number; 32],
                fingerprint: [0; 32],
                answer: vec![],
                remaining: vec![],
                expires_at: NOW.plus(DAY),
            }),
            admitted: vec![],
        };
        assert!(matches!(state.open(request, NOW), Opened::Admitted(_)));
    }

    /// Its code is presented; opens session `number` for two days, if left alone.
    fn sign_in(state: &mut State, number: u8) {
        let id = ChallengeId::from_u128(number.into());
        let sign_in = SignIn {
            user: UserId::from_u128(number.into()),
            address: Sealed::from_bytes(vec![]),
            session: SessionId::from_u128(number.into()),
            lifetimes: Lifetimes { access: HOUR, idle: 2 * DAY, absolute: 9 * DAY },
            max_users: None,
            created: vec![],
            registers: None,
        };
        let presented = Presented {
            by: Lookup::Id { realm: REALM, id },
            matched: Some(id),
            sign_in: Some(sign_in),
            wrong_draws: vec![],
            on: AttemptEffects::default(),
        };
        assert!(matches!(state.attempt(presented, NOW), Attempt::Right(_)));
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut state = State::default();
        for number in 0..10 {
            request(&mut state, number);
        }
        sign_in(&mut state, 0);
        assert_eq!(state.lens(), [9, 9, 10, 10, 1, 1]);

        state.forget(NOW.plus(10 * MINUTE + HOUR));
        assert_eq!(state.lens(), [0, 0, 10, 10, 1, 1], "challenges");
        state.forget(NOW.plus(DAY + HOUR));
        assert_eq!(state.lens(), [0, 0, 0, 0, 1, 1], "answers and limits");
        state.forget(NOW.plus(2 * DAY + HOUR));
        assert_eq!(state.lens(), [0; 6], "sessions");
    }

    #[test]
    fn a_refreshed_session_outlives_its_first_end() {
        let mut state = State::default();
        request(&mut state, 0);
        sign_in(&mut state, 0);
        let rotation = Rotation {
            realm: REALM,
            session: SessionId::from_u128(0),
            generation: 0,
            idle: 2 * DAY,
            grace: None,
            rotated: vec![],
            reused: vec![],
        };
        assert!(matches!(state.rotate(rotation, NOW.plus(DAY)), Rotated::Rotated(_)));
        state.forget(NOW.plus(2 * DAY + HOUR));
        assert_eq!(state.lens()[4..], [1, 1]);
        state.forget(NOW.plus(3 * DAY + HOUR));
        assert_eq!(state.lens()[4..], [0, 0]);
    }

    impl State {
        /// Entries and index entries of everything that ends.
        fn lens(&self) -> [usize; 6] {
            let [by_id, by_address] = self.challenges.lens();
            let [sessions, by_user] = self.sessions.lens();
            [by_id, by_address, self.remembered.len(), self.limits.len(), sessions, by_user]
        }
    }
}
