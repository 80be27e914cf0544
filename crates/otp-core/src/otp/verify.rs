//! Verifying a code.

use std::fmt;

use super::Otp;
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::challenge::{Challenge, Lookup, Purpose};
use crate::code::{self, Code, InvalidCode};
use crate::effect::{Counter, Effect, Who};
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{ChallengeId, SessionId, UserId};
use crate::keys::Sealed;
use crate::limit::{Draw, Rule};
use crate::otp::RateLimited;
use crate::port::{Attempt, AttemptEffects, Presented, SignedIn};
use crate::realm::{Mode, Realm};
use crate::session::{LiveSession, SignIn};
use crate::tally;
use crate::tenant::World;
use crate::time::Timestamp;

/// A code presented for verification.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The code, as typed.
    pub code: Code,
    /// What it is said to belong to.
    pub proof: Proof,
}

/// What a code is said to belong to.
#[derive(Debug, Clone)]
pub enum Proof {
    /// One challenge; its own attempts pay.
    Challenge {
        /// Which.
        id: ChallengeId,
        /// Whose address it must be of, if given.
        email: Option<EmailAddress>,
        /// What it must be for, if given.
        purpose: Option<Purpose>,
    },
    /// Any of the newest live challenges of an address; the newest pays.
    Address {
        /// Whose.
        email: EmailAddress,
        /// What for.
        purpose: Purpose,
    },
}

/// A right code, paid for. Nothing but [`Otp::check`] makes one.
#[derive(Clone)]
pub struct Verified {
    signed_in: SignedIn,
    email: EmailAddress,
}

impl Verified {
    /// The address that was verified.
    pub const fn email(&self) -> &EmailAddress {
        &self.email
    }

    /// Who signed in.
    pub const fn user_id(&self) -> UserId {
        self.signed_in.user.id
    }

    /// Whether it was the first time.
    pub const fn is_new_user(&self) -> bool {
        self.signed_in.is_new
    }

    /// The session that was opened, and its user.
    pub fn session(&self) -> LiveSession {
        LiveSession { session: self.signed_in.session.clone(), user: self.signed_in.user.clone() }
    }

    /// What the code was for. Whoever asked for another purpose than the default checks it.
    pub const fn purpose(&self) -> &Purpose {
        &self.signed_in.session.purpose
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("user", &self.user_id()).finish_non_exhaustive()
    }
}

/// Why a code was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It has not as many digits as the code; nothing was spent.
    #[error("the code has {expected} digits")]
    InvalidFormat {
        /// How many it has.
        expected: u8,
    },
    /// It is wrong; an attempt was spent.
    #[error("wrong code, {remaining} attempts left")]
    Invalid {
        /// Attempts left.
        remaining: u8,
    },
    /// All attempts were spent before.
    #[error("no attempts left: ask for a new code")]
    Exhausted,
    /// No code is alive: expired, used or never asked for.
    #[error("no live code: ask for a new one")]
    Expired,
    /// Too many wrong codes from this client.
    #[error("too many wrong codes from this client, until {}", .0.by.resets_at)]
    RateLimited(Box<RateLimited>),
    /// It is right and spent, and its address would be a new user, for whom the plan has no room.
    #[error("the plan allows no more users")]
    UserLimitReached,
    /// The work could not be done. No verdict was given; an attempt may have been spent.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<InvalidCode> for VerifyError {
    fn from(_: InvalidCode) -> Self {
        Self::InvalidFormat { expected: code::DEFAULT_LENGTH }
    }
}

impl Otp {
    /// Tests a code and, if it is right, signs in: closes the challenge and its siblings, finds or
    /// creates the user, opens a session.
    ///
    /// The comparison is made first, in memory; its result leaves this function only with the write
    /// that has spent the attempt.
    ///
    /// # Errors
    /// [`VerifyError`]. Anything but `Invalid`, `UserLimitReached` and `Fault` spent nothing; where limits are kept
    /// apart, a `RateLimited` may have spent the attempt.
    pub async fn check(
        &self,
        world: impl Into<World<'_>>,
        verification: Verification,
        caller: &Caller,
    ) -> Result<Verified, VerifyError> {
        let answer = self.judged(world.into(), &verification, caller).await;
        tally::verified(&answer);
        answer
    }

    async fn judged(
        &self,
        world: World<'_>,
        verification: &Verification,
        caller: &Caller,
    ) -> Result<Verified, VerifyError> {
        let now = self.deployment.now();
        let by = self.lookup(world.realm(), &verification.proof);
        let live = self.deployment.stores.challenges.live(&by, now).await?;
        let live: Vec<Challenge> =
            live.into_iter().filter(|live| self.belongs(world.realm(), live, &verification.proof)).collect();
        well_formed(&verification.code, &live, world.settings().otp.length())?;
        let Some(paying) = live.first() else { return Err(VerifyError::Expired) };
        let matched = self.matching(world, &live, &verification.code)?;
        let presented = Presented {
            matched: matched.map(|challenge| challenge.id),
            sign_in: matched.map(|challenge| self.sign_in(world, challenge, caller, now)).transpose()?,
            wrong_draws: self.wrong_draws(world, paying, caller, now)?,
            on: self.effects(paying, matched, caller, now)?,
            by,
        };
        let address = matched.unwrap_or(paying).address.clone();
        match self.attempt_within_limits(presented, now).await? {
            Attempt::Right(signed_in) => self.verified(world.realm(), *signed_in, &address),
            Attempt::Wrong { left } => Err(VerifyError::Invalid { remaining: left }),
            Attempt::UserLimit => Err(VerifyError::UserLimitReached),
            Attempt::AccountExists => Err(Fault::corrupt("challenge.attempt", "a sign-in registers nobody").into()),
            Attempt::Expired => Err(VerifyError::Expired),
            Attempt::Exhausted => Err(VerifyError::Exhausted),
            Attempt::RateLimited(by) => {
                Err(VerifyError::RateLimited(Box::new(RateLimited { by, usage: vec![by], now })))
            }
        }
    }

    fn lookup(&self, realm: Realm, proof: &Proof) -> Lookup {
        match proof {
            Proof::Challenge { id, .. } => Lookup::Id { realm, id: *id },
            Proof::Address { email, purpose } => {
                let address_key = self.deployment.keys.address_key(realm, email);
                Lookup::Address { realm, purpose: purpose.clone(), address_key }
            }
        }
    }

    /// Whether what was said of the challenge is true of it. What is not, answers like an unknown id.
    fn belongs(&self, realm: Realm, live: &Challenge, proof: &Proof) -> bool {
        match proof {
            Proof::Challenge { email, purpose, .. } => {
                let key = |email| self.deployment.keys.address_key(realm, email);
                email.as_ref().is_none_or(|email| key(email) == live.address_key)
                    && purpose.as_ref().is_none_or(|purpose| *purpose == live.purpose)
            }
            Proof::Address { .. } => true,
        }
    }

    /// The challenge whose code it is. Every one is compared, so time does not tell which.
    pub(crate) fn matching<'a>(
        &self,
        world: World<'_>,
        live: &'a [Challenge],
        code: &Code,
    ) -> Res<Option<&'a Challenge>> {
        let mut matched = None;
        for challenge in live {
            let right = match world.mode {
                Mode::Live => Code::derive(challenge, &self.deployment.keys)?,
                Mode::Test => Code::of_test(challenge, world.settings().otp.test_code.as_deref()),
            };
            if right.matches(code) && matched.is_none() {
                matched = Some(challenge);
            }
        }
        Ok(matched)
    }

    fn sign_in(&self, world: World<'_>, challenge: &Challenge, caller: &Caller, now: Timestamp) -> Res<SignIn> {
        let realm = challenge.realm;
        let created = self.deployment.audit(realm, AuditEvent::UserCreated, Some(Target::SignedIn), caller, now)?;
        let entropy = &*self.deployment.entropy;
        Ok(SignIn {
            user: UserId::generate(entropy)?,
            address: self.deployment.keys.address_to_stay(realm, &challenge.address, entropy)?,
            session: SessionId::generate(entropy)?,
            lifetimes: world.settings().tokens.lifetimes(),
            max_users: match world.mode {
                Mode::Live => self.deployment.allowance(world.tenant)?.max_users,
                Mode::Test => None,
            },
            created: vec![Effect::Count { realm, counter: Counter::NewUsers, at: now }, Effect::Audit(created)],
            registers: None,
        })
    }

    /// What a wrong code for `paying` draws.
    pub(crate) fn wrong_draws(
        &self,
        world: World<'_>,
        paying: &Challenge,
        caller: &Caller,
        now: Timestamp,
    ) -> Res<Vec<Draw>> {
        let limit = world.settings().rate_limits.wrong_per_client();
        let Some(mut draw) = self.client_draw(world.realm(), Rule::ClientWrongHour, limit, caller) else {
            return Ok(Vec::new());
        };
        let target = Some(Target::Challenge(paying.id));
        let entry = self.deployment.audit(paying.realm, AuditEvent::RateLimitExceeded, target, caller, now)?;
        draw.refused = vec![Effect::Audit(entry.with("rule", draw.key.rule.as_str()))];
        Ok(vec![draw])
    }

    fn effects(
        &self,
        paying: &Challenge,
        matched: Option<&Challenge>,
        caller: &Caller,
        now: Timestamp,
    ) -> Res<AttemptEffects> {
        let realm = paying.realm;
        let count = |counter| Effect::Count { realm, counter, at: now };
        let audit = |event, target| self.deployment.audit(realm, event, Some(target), caller, now).map(Effect::Audit);
        let (right, full) = match matched {
            Some(challenge) => {
                let target = Target::Challenge(challenge.id);
                let entry = self.deployment.audit(realm, AuditEvent::OtpFailed, Some(target.clone()), caller, now)?;
                let right = vec![
                    count(Counter::OtpVerifications),
                    count(Counter::SuccessfulLogins),
                    Effect::Seen { realm, who: Who::SignedIn, at: now },
                    audit(AuditEvent::OtpVerified, target)?,
                    audit(AuditEvent::UserLoggedIn, Target::SignedIn)?,
                ];
                (right, vec![count(Counter::OtpVerifications), Effect::Audit(entry.with("reason", "user-limit"))])
            }
            None => (Vec::new(), Vec::new()),
        };
        Ok(AttemptEffects {
            right,
            // A match, too, is answered as wrong if it has died by the time of the write.
            wrong: vec![count(Counter::OtpVerifications), audit(AuditEvent::OtpFailed, Target::Challenge(paying.id))?],
            locked: vec![audit(AuditEvent::OtpLocked, Target::Challenge(paying.id))?],
            full,
        })
    }

    fn verified(&self, realm: Realm, signed_in: SignedIn, address: &Sealed) -> Result<Verified, VerifyError> {
        let email = self.deployment.keys.open_address(realm, address)?;
        Ok(Verified { signed_in, email })
    }
}

/// Refuses a code that none of `live` can have; with none alive, one of another than `usual` length.
pub(crate) fn well_formed(code: &Code, live: &[Challenge], usual: u8) -> Result<(), VerifyError> {
    let fits = |length: u8| code.len() == usize::from(length);
    match live.first() {
        Some(_) if live.iter().any(|challenge| fits(challenge.code_length)) => Ok(()),
        None if fits(usual) => Ok(()),
        newest => Err(VerifyError::InvalidFormat { expected: newest.map_or(usual, |challenge| challenge.code_length) }),
    }
}
