//! Requests: a challenge opened, or its code mailed again.

use std::time::Duration;

use otp_core::challenge::Challenge;
use otp_core::id::ChallengeId;
use otp_core::limit::{self, Admission, Draw, Usage};
use otp_core::port::{Idempotency, Opened, Opening, Request};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use super::{Challenges, Open};
use crate::fading::{Ends, Fading};
use crate::state::State;

/// The answers of requests that may be repeated.
#[derive(Default)]
pub(crate) struct Remembered(Fading<(Realm, [u8; 32]), Answer>);

/// An answer, and what was left of each limit when it was given.
struct Answer {
    request: Idempotency,
    remaining: Vec<u32>,
}

impl Ends for Answer {
    fn ends_at(&self) -> Timestamp {
        self.request.expires_at
    }
}

impl Remembered {
    /// Drops the answers whose time is long over.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.0.forget(now);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Challenges {
    fn open(&mut self, challenge: Challenge, now: Timestamp) {
        let address = (challenge.realm, challenge.address_key, challenge.purpose.clone());
        self.by_address.entry(address).or_default().push(challenge.id);
        let key = (challenge.realm, challenge.id);
        self.by_id.keep(key, Open { challenge, sent_at: now, spent_by_id: 0, spent_by_address: 0 });
    }

    /// Notes that the code was mailed again. Neither attempts nor end change.
    fn resend(&mut self, realm: Realm, id: ChallengeId, now: Timestamp) {
        if let Some(open) = self.by_id.live_mut(&(realm, id), now) {
            open.sent_at = now;
        }
    }
}

impl State {
    pub(crate) fn open(&mut self, request: Request, now: Timestamp) -> Opened {
        let Request { opening, draws, idempotency, admitted } = request;
        let realm = opening.realm();
        if let Some(idempotency) = &idempotency
            && let Some(again) = self.repeated(realm, idempotency, &draws, now)
        {
            return again;
        }
        if let Opening::Resend { challenge, pause, refused, .. } = &opening
            && let Some(refusal) = self.resend_refused(realm, *challenge, *pause, &draws, now)
        {
            if let Opened::Refused { .. } = refusal {
                self.apply(refused.clone(), now);
            }
            return refusal;
        }
        let usage = match self.acquire(&draws, now) {
            Admission::Admitted(usage) => usage,
            Admission::Refused { usage, by } => return Opened::Refused { usage, by },
        };
        match opening {
            Opening::New(challenge) => self.challenges.open(challenge, now),
            Opening::Resend { challenge, .. } => self.challenges.resend(realm, challenge, now),
        }
        if let Some(request) = idempotency {
            let left = usage.iter().map(Usage::remaining);
            let remaining = request.remaining.iter().copied().chain(left).collect();
            self.remembered.0.keep((realm, request.key), Answer { request, remaining });
        }
        self.apply(admitted, now);
        Opened::Admitted(usage)
    }

    /// Whether the answer is there before anything is drawn.
    pub(crate) fn foregone(&self, request: &Request, now: Timestamp) -> bool {
        let realm = request.opening.realm();
        let remembered = |call: &Idempotency| self.remembered.0.live(&(realm, call.key), now).is_some();
        let held_back = || match &request.opening {
            Opening::New(_) => false,
            Opening::Resend { challenge, pause, .. } => {
                let open = self.challenges.by_id.live(&(realm, *challenge), now);
                open.is_none_or(|open| limit::pause(*pause, open.sent_at, now).is_some())
            }
        };
        request.idempotency.as_ref().is_some_and(remembered) || held_back()
    }

    /// What to answer if the same call was admitted before.
    fn repeated(&self, realm: Realm, call: &Idempotency, draws: &[Draw], now: Timestamp) -> Option<Opened> {
        let Answer { request, remaining } = self.remembered.0.live(&(realm, call.key), now)?;
        if request.fingerprint != call.fingerprint {
            return Some(Opened::Mismatch);
        }
        Some(Opened::Replayed {
            answer: request.answer.clone(),
            remaining: remaining.clone(),
            usage: self.usage(draws, now),
        })
    }

    /// Why a challenge may not be mailed again now, if it may not.
    fn resend_refused(
        &self,
        realm: Realm,
        challenge: ChallengeId,
        pause: Duration,
        draws: &[Draw],
        now: Timestamp,
    ) -> Option<Opened> {
        let Some(open) = self.challenges.by_id.live(&(realm, challenge), now) else { return Some(Opened::Gone) };
        let refusing = limit::pause(pause, open.sent_at, now)?;
        let mut usage = self.usage(draws, now);
        let by = usage.len();
        usage.push(refusing);
        Some(Opened::Refused { usage, by })
    }
}
