//! Requests: a challenge opened, or its code mailed again.

use std::time::Duration;

use async_trait::async_trait;
use otp_core::id::ChallengeId;
use otp_core::limit::{self, Admission, Draw};
use otp_core::port::{Idempotency, Opened, Opening, Request};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::sql::Conn;
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

/// Admits a request or refuses it.
pub(super) struct Open {
    pub(super) request: Request,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Open {
    const OP: &'static str = "sql.open";
    type Answer = Opened;

    fn needs(&self, set: &mut WorkingSet) {
        let Request { opening, draws, idempotency, admitted } = &self.request;
        if let Some(call) = idempotency {
            set.answers.need(opening.realm(), call);
        }
        if let Opening::Resend { realm, challenge, refused, .. } = opening {
            set.challenges.need(*realm, *challenge, self.now);
            set.limits.need_for(refused);
        }
        set.limits.need(draws);
        set.limits.need_for(admitted);
    }

    async fn run(&self, _: &mut Conn, set: &mut WorkingSet) -> Tried<Opened> {
        set.open(&self.request, self.now)
    }
}

impl WorkingSet {
    fn open(&mut self, request: &Request, now: Timestamp) -> Tried<Opened> {
        let Request { opening, draws, idempotency, admitted } = request;
        let realm = opening.realm();
        if let Some(call) = idempotency
            && let Some(again) = self.repeated(realm, call, draws, now)
        {
            return Ok(again);
        }
        if let Opening::Resend { challenge, pause, refused, .. } = opening
            && let Some(refusal) = self.resend_refused(realm, *challenge, *pause, draws, now)
        {
            if let Opened::Refused { .. } = refusal {
                self.apply(refused, now)?;
            }
            return Ok(refusal);
        }
        let usage = match self.draw(draws, now)? {
            Admission::Admitted(usage) => usage,
            Admission::Refused { usage, by } => return Ok(Opened::Refused { usage, by }),
        };
        match opening {
            Opening::New(challenge) => self.challenges.open(challenge.clone(), now),
            Opening::Resend { challenge, .. } => self.challenges.resend(realm, *challenge, now),
        }
        if let Some(call) = idempotency {
            self.answers.remember(realm, call, &usage, now);
        }
        self.apply(admitted, now)?;
        Ok(Opened::Admitted(usage))
    }

    /// What to answer if the same call was admitted before.
    fn repeated(&self, realm: Realm, call: &Idempotency, draws: &[Draw], now: Timestamp) -> Option<Opened> {
        let before = self.answers.to(realm, call, now)?;
        if before.request.fingerprint != call.fingerprint {
            return Some(Opened::Mismatch);
        }
        Some(Opened::Replayed {
            answer: before.request.answer.clone(),
            remaining: before.remaining.clone(),
            usage: self.limits.usage(draws, now),
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
        let Some(open) = self.challenges.live(realm, challenge, now) else { return Some(Opened::Gone) };
        let refusing = limit::pause(pause, open.mailed_at, now)?;
        let mut usage = self.limits.usage(draws, now);
        let by = usage.len();
        usage.push(refusing);
        Some(Opened::Refused { usage, by })
    }
}
