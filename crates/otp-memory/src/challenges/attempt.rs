//! Attempts: paid for first, judged then.

use otp_core::challenge::{Challenge, Lookup};
use otp_core::id::ChallengeId;
use otp_core::limit::{Admission, decide};
use otp_core::port::{Attempt, AttemptEffects, Presented, SignedIn};
use otp_core::session::SignIn;
use otp_core::time::Timestamp;

use super::{Challenges, Open};
use crate::state::State;

/// The attempts one look-up pays with: one of the two counters of one challenge.
struct Lane<'a> {
    spent: &'a mut u8,
    max: u8,
}

impl Lane<'_> {
    const fn left(&self) -> u8 {
        self.max.saturating_sub(*self.spent)
    }

    const fn spend(&mut self) {
        *self.spent = self.spent.saturating_add(1);
    }
}

impl Challenges {
    /// The lane of a look-up, unless nothing of it is live.
    fn lane(&mut self, by: &Lookup, now: Timestamp) -> Option<Lane<'_>> {
        let newest = self.of(by, now).first().map(|challenge| (challenge.realm, challenge.id))?;
        let Open { challenge, spent_by_id, spent_by_address, .. } = self.by_id.live_mut(&newest, now)?;
        let spent = match by {
            Lookup::Id { .. } => spent_by_id,
            Lookup::Address { .. } => spent_by_address,
        };
        Some(Lane { spent, max: challenge.max_attempts })
    }

    /// Closes the challenge a right code belongs to, and every other of its address and purpose; unless
    /// it is dead by now, or not one of the look-up.
    fn close(&mut self, by: &Lookup, matched: ChallengeId, now: Timestamp) -> Option<Challenge> {
        let (Lookup::Id { realm, .. } | Lookup::Address { realm, .. }) = by;
        let challenge = self.live(*realm, matched, now).filter(|challenge| is_of(by, challenge))?.clone();
        let address = (challenge.realm, challenge.address_key, challenge.purpose.clone());
        for id in self.by_address.remove(&address).unwrap_or_default() {
            self.by_id.remove(&(challenge.realm, id));
        }
        Some(challenge)
    }
}

/// Whether `challenge` answers to that look-up. Not asked: whether it is among the newest three still,
/// for it was when its code was compared.
fn is_of(by: &Lookup, challenge: &Challenge) -> bool {
    match by {
        Lookup::Id { id, .. } => challenge.id == *id,
        Lookup::Address { purpose, address_key, .. } => {
            challenge.purpose == *purpose && challenge.address_key == *address_key
        }
    }
}

impl State {
    pub(crate) fn attempt(&mut self, presented: Presented, now: Timestamp) -> Attempt {
        let Presented { by, matched, sign_in, wrong_draws, on } = presented;
        let Some(mut lane) = self.challenges.lane(&by, now) else { return Attempt::Expired };
        if lane.left() == 0 {
            return Attempt::Exhausted;
        }
        // Decided on copies of the logs, which are kept only if the code turns out wrong.
        let mut logs = self.limits.logs(&wrong_draws, now);
        let admission = decide(&wrong_draws, &mut logs, now);
        let told = admission.effects(&wrong_draws);
        if let Admission::Refused { usage, by } = admission {
            self.apply(told, now);
            return Attempt::RateLimited(usage[by]);
        }
        lane.spend();
        let left = lane.left();
        if let Some((matched, sign_in)) = matched.zip(sign_in)
            && let Some(challenge) = self.challenges.close(&by, matched, now)
        {
            return self.sign_in(&challenge, sign_in, on, now);
        }
        self.limits.keep(&wrong_draws, logs);
        self.apply(told, now);
        self.apply(on.wrong, now);
        if left == 0 {
            self.apply(on.locked, now);
        }
        Attempt::Wrong { left }
    }

    fn sign_in(&mut self, challenge: &Challenge, sign_in: SignIn, on: AttemptEffects, now: Timestamp) -> Attempt {
        if sign_in.registers.as_ref().is_some_and(|tenant| self.tenants.exists(tenant)) {
            self.apply(on.full, now);
            return Attempt::AccountExists;
        }
        let Some((user, is_new)) = self.users.sign_in(challenge, &sign_in, now) else {
            self.apply(on.full, now);
            return Attempt::UserLimit;
        };
        if let Some(tenant) = sign_in.registers.clone() {
            self.tenants.put(*tenant);
        }
        let session = sign_in.open(user.id, challenge.realm, challenge.purpose.clone(), now);
        self.sessions.open(session.clone());
        let created = if is_new { sign_in.created } else { Vec::new() };
        let effects = on.right.into_iter().chain(created).map(|effect| effect.signed_in(user.id)).collect();
        self.apply(effects, now);
        Attempt::Right(Box::new(SignedIn { user, session, is_new }))
    }
}
