//! Attempts: paid for first, judged then.

use async_trait::async_trait;
use otp_core::challenge::{Challenge, Lookup};
use otp_core::limit::Admission;
use otp_core::port::{Attempt, AttemptEffects, Presented, SignedIn};
use otp_core::session::SignIn;
use otp_core::time::Timestamp;

use crate::sql::Conn;
use crate::tenants;
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

/// Spends an attempt and gives the verdict.
pub(super) struct Try {
    pub(super) presented: Presented,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Try {
    const OP: &'static str = "sql.attempt";
    type Answer = Attempt;

    fn needs(&self, set: &mut WorkingSet) {
        let Presented { by, matched, sign_in, wrong_draws, on } = &self.presented;
        set.challenges.need_all_of(by, self.now);
        set.limits.need(wrong_draws);
        let created = sign_in.as_ref().map(|sign_in| &sign_in.created);
        for effects in [&on.right, &on.wrong, &on.locked, &on.full].into_iter().chain(created) {
            set.limits.need_for(effects);
        }
        if let Some((matched, sign_in)) = matched.zip(sign_in.as_ref())
            && sign_in.max_users.is_some()
        {
            let (Lookup::Id { realm, .. } | Lookup::Address { realm, .. }) = by;
            set.users.need_room(*realm, matched);
        }
    }

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Attempt> {
        let Some(tenant) = self.presented.sign_in.as_ref().and_then(|sign_in| sign_in.registers.as_deref()) else {
            return set.attempt(&self.presented, false, self.now);
        };
        let exists = tenants::exists(conn, tenant).await?;
        let attempt = set.attempt(&self.presented, exists, self.now)?;
        // Somebody on another node may have been quicker than this look and the write.
        if matches!(attempt, Attempt::Right(_)) && !tenants::add(conn, tenant).await? {
            return Err(Trouble::conflict());
        }
        Ok(attempt)
    }
}

impl WorkingSet {
    /// `exists` says whether the tenant it would register cannot be added.
    fn attempt(&mut self, presented: &Presented, exists: bool, now: Timestamp) -> Tried<Attempt> {
        let Presented { by, matched, sign_in, wrong_draws, on } = presented;
        let Some(mut lane) = self.challenges.lane(by, now) else { return Ok(Attempt::Expired) };
        if lane.left() == 0 {
            return Ok(Attempt::Exhausted);
        }
        // Decided on copies of the logs, which are kept only if the code turns out wrong.
        let (admission, logs) = self.limits.decide(wrong_draws, now);
        let told = admission.effects(wrong_draws);
        if let Admission::Refused { usage, by } = admission {
            self.apply(&told, now)?;
            return Ok(Attempt::RateLimited(usage[by]));
        }
        let left = lane.spend();
        if let Some((matched, sign_in)) = matched.zip(sign_in.as_ref())
            && let Some(challenge) = self.challenges.close(by, matched, now)
        {
            if exists {
                self.apply(&on.full, now)?;
                return Ok(Attempt::AccountExists);
            }
            return self.sign_in(&challenge, sign_in, on, now);
        }
        self.limits.keep(wrong_draws, logs);
        self.apply(&told, now)?;
        self.apply(&on.wrong, now)?;
        if left == 0 {
            self.apply(&on.locked, now)?;
        }
        Ok(Attempt::Wrong { left })
    }

    fn sign_in(
        &mut self,
        challenge: &Challenge,
        sign_in: &SignIn,
        on: &AttemptEffects,
        now: Timestamp,
    ) -> Tried<Attempt> {
        let Some((user, is_new)) = self.users.sign_in(challenge, sign_in, now) else {
            self.apply(&on.full, now)?;
            return Ok(Attempt::UserLimit);
        };
        let session = sign_in.open(user.id, challenge.realm, challenge.purpose.clone(), now);
        self.sessions.open(session.clone(), user.address_key);
        let created = if is_new { sign_in.created.as_slice() } else { &[] };
        let effects: Vec<_> = on.right.iter().chain(created).map(|effect| effect.clone().signed_in(user.id)).collect();
        self.apply(&effects, now)?;
        Ok(Attempt::Right(Box::new(SignedIn { user, session, is_new })))
    }
}
