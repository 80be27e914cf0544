//! Challenges: opened, read, and spent attempt by attempt.

use std::time::Duration;

use async_trait::async_trait;

use super::outbox::Outbox;
use crate::challenge::{Challenge, Lookup};
use crate::effect::Effect;
use crate::fault::Res;
use crate::id::ChallengeId;
use crate::limit::{Draw, Usage};
use crate::realm::Realm;
use crate::session::{Session, SignIn};
use crate::time::Timestamp;
use crate::user::User;

/// A request for a code, decided in one write.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What it opens.
    pub opening: Opening,
    /// The limits it draws, all or nothing.
    pub draws: Vec<Draw>,
    /// Under which key its answer is remembered.
    pub idempotency: Option<Idempotency>,
    /// What to write if it is admitted.
    pub admitted: Vec<Effect>,
}

/// What a request opens.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// A new challenge.
    New(Challenge),
    /// Nothing: the code of a live challenge is mailed again.
    Resend {
        /// Whose.
        realm: Realm,
        /// Which.
        challenge: ChallengeId,
        /// The least time between two mails: refused if the last is less than that ago.
        pause: Duration,
        /// What to write when it is.
        refused: Vec<Effect>,
    },
}

impl Opening {
    /// Whose.
    pub const fn realm(&self) -> Realm {
        match self {
            Self::New(challenge) => challenge.realm,
            Self::Resend { realm, .. } => *realm,
        }
    }
}

/// Remembers the answer of a request, so that repeating it repeats the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Hash of credential, method, path and the client's key: what "the same call" means.
    pub key: [u8; 32],
    /// Hash of the body: what "the same request" means.
    pub fingerprint: [u8; 32],
    /// What to remember.
    pub answer: Vec<u8>,
    /// What limits drawn beforehand had left; what those of the request have left is added.
    pub remaining: Vec<u32>,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It was admitted; one usage per draw, as of after.
    Admitted(Vec<Usage>),
    /// A limit refused it.
    Refused {
        /// One usage per draw, in order; the pause of a resend last, if it was that.
        usage: Vec<Usage>,
        /// Which of `usage` refused.
        by: usize,
    },
    /// The challenge to mail again is not live.
    Gone,
    /// The same call was admitted before.
    Replayed {
        /// What was remembered.
        answer: Vec<u8>,
        /// What each limit drawn for it had left then.
        remaining: Vec<u32>,
        /// How its draws stand now.
        usage: Vec<Usage>,
    },
    /// The same call was admitted before with another body.
    Mismatch,
}

/// A code presented, after the domain has compared it.
#[derive(Debug, Clone, PartialEq)]
pub struct Presented {
    /// What it was tested against.
    pub by: Lookup,
    /// The challenge whose code it is, if any.
    pub matched: Option<ChallengeId>,
    /// What it opens if it is right; present exactly when `matched` is.
    pub sign_in: Option<SignIn>,
    /// Limits on wrong codes: checked before, spent only on a wrong one.
    pub wrong_draws: Vec<Draw>,
    /// What to write.
    pub on: AttemptEffects,
}

/// What to write for each answer to a code.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttemptEffects {
    /// It was right.
    pub right: Vec<Effect>,
    /// It was wrong.
    pub wrong: Vec<Effect>,
    /// It was wrong and the last attempt of its lane; besides `wrong`.
    pub locked: Vec<Effect>,
    /// It was right, and there is no room for the user, or the tenant, it would have made.
    pub full: Vec<Effect>,
}

/// The verdict on a code, paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It was right: the challenge and its siblings are closed, the user is signed in.
    Right(Box<SignedIn>),
    /// It was wrong.
    Wrong {
        /// Attempts left in its lane.
        left: u8,
    },
    /// It was right, of somebody who signs in for the first time, and there is no room for one more: the challenge
    /// and its siblings are closed, nobody is signed in.
    UserLimit,
    /// It was right, and the owner of the tenant it would have registered has one by now: the challenge and its
    /// siblings are closed, nobody is signed in.
    AccountExists,
    /// Nothing of that look-up is live; nothing was spent.
    Expired,
    /// Its lane has no attempts left; nothing was spent.
    Exhausted,
    /// A limit on wrong codes is used up; nothing was spent.
    RateLimited(Usage),
}

/// Who was signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The user, as of after.
    pub user: User,
    /// The session opened.
    pub session: Session,
    /// Whether this was the first time.
    pub is_new: bool,
}

/// Keeps challenges, and with them limits, users and sessions as far as opening and verifying touch them.
#[async_trait]
pub trait ChallengeStore: Outbox {
    /// Admits a request: draws the limits, opens the challenge or marks it sent again, remembers the
    /// answer, writes the effects; or refuses it and writes only the refusing draw's effects.
    ///
    /// Checked in this order: idempotency, whether the challenge to resend is live, its pause, the draws.
    ///
    /// # Contract
    /// 1. MUST decide and write in one atomic step (`a_burst_admits_exactly_the_limit`).
    /// 2. MUST spend nothing when it refuses (`a_refusal_spends_nothing`).
    /// 3. MUST draw without deadlock in whatever order draws are raced (`draws_raced_in_both_orders`).
    /// 4. MUST answer a remembered call without drawing or opening (`a_replay_draws_nothing`,
    ///    `parallel_replays_open_once`), and tell another body (`another_body_is_a_mismatch`).
    /// 5. MUST forget a remembered answer at its end (`idempotency_ends`).
    /// 6. MUST NOT refill attempts or move the end on a resend (`a_resend_refills_nothing`).
    /// 7. MUST refuse a resend within its pause (`a_resend_waits_its_pause`).
    /// 8. MUST write effects exactly when it admits, and a draw's own when that refuses or reaches its mark
    ///    (`effects_follow_the_outcome`), those told once a window by one of all who race
    ///    (`a_quota_is_exact_and_told_once`).
    ///
    /// # Errors
    /// When the store cannot be reached. Whether it wrote is unknown then; nothing is mailed unless it did.
    async fn open(&self, request: Request, now: Timestamp) -> Res<Opened>;

    /// Whether the answer to `request` is foregone: a remembered one, another body under its key, a
    /// challenge that is gone, or its pause. [`open`](Self::open) draws nothing then. A plain read, for
    /// who keeps limits elsewhere and has to know before it draws them.
    ///
    /// # Contract
    /// 1. MUST answer as `open` would decide at the same time, and stay true once it is (`foregone_draws_nothing`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn foregone(&self, request: &Request, now: Timestamp) -> Res<bool>;

    /// The live challenges of a look-up, newest first: one by id, or up to three by address. A plain read.
    ///
    /// # Contract
    /// 1. MUST answer only open, unexpired challenges of that realm (`expiry_is_exact`, `realms_are_apart`).
    /// 2. MUST answer the newest three, in the order they were opened even within one millisecond (`side_by_side`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>>;

    /// Spends one attempt and gives the verdict; on a right code closes the challenge and every other
    /// live one of that address and purpose, and signs in: always a user there is, a new one if there is room.
    ///
    /// Checked in this order: live, attempts of the lane, limits on wrong codes, the code. By id the
    /// lane is the challenge's own; by address it is that of the newest live challenge.
    ///
    /// # Contract
    /// 1. MUST count every attempt it answers, right or wrong, whatever races (`attempts_are_exact`).
    /// 2. MUST let exactly one right code win (`one_success`), and close its siblings (`success_ends_siblings`).
    /// 3. MUST keep the two lanes apart (`lanes_are_apart`); a new challenge brings its own address lane
    ///    (`a_new_challenge_has_its_own_attempts`).
    /// 4. MUST answer a match that is closed or expired by now as a wrong code (`a_dead_match_is_wrong`).
    /// 5. MUST draw the limits on wrong codes for wrong ones only, and check them first (`wrong_codes_draw`).
    /// 6. MUST find or create the user in the same write (`one_user_per_address`), pass effects through
    ///    [`Effect::signed_in`](crate::effect::Effect::signed_in), and keep the address first verified (`mail_goes_where_first_verified`).
    /// 7. MUST write the effects of the outcome it answers and of no other (`effects_follow_the_outcome`).
    /// 8. MUST NOT make more users than [`SignIn::max_users`] allows, whatever races (`no_more_users_than_allowed`),
    ///    and close what a right code closes all the same (`a_code_without_room_is_spent`).
    /// 9. MUST add the tenant of [`SignIn::registers`] in the same write, one per owner's address, whatever races
    ///    (`a_signup_opens_one_account`); or refuse a sign-in that carries one, where it keeps no tenants.
    /// 10. MUST write the answer of such a sign-in with it, and refuse the whole write of one whose lease has passed to
    ///    somebody else (`an_account_comes_with_its_answer`).
    ///
    /// # Errors
    /// When the store cannot be reached. The attempt may have been spent; it is never given back.
    async fn attempt(&self, presented: Presented, now: Timestamp) -> Res<Attempt>;
}

// `automock` cannot see the methods of a supertrait, so this one is spelled out.
#[cfg(feature = "mocks")]
mockall::mock! {
    /// Mock of [`ChallengeStore`] and the [`Outbox`] it is.
    pub ChallengeStore {}

    #[async_trait]
    impl Outbox for ChallengeStore {
        async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<super::Leased>>;
        async fn settle(&self, lease: super::Lease, how: super::Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<super::Settled>;
        async fn append(&self, effects: Vec<Effect>, now: Timestamp) -> Res<()>;
        async fn backlog(&self, now: Timestamp) -> Res<super::Backlog>;
    }

    #[async_trait]
    impl ChallengeStore for ChallengeStore {
        async fn open(&self, request: Request, now: Timestamp) -> Res<Opened>;
        async fn foregone(&self, request: &Request, now: Timestamp) -> Res<bool>;
        async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>>;
        async fn attempt(&self, presented: Presented, now: Timestamp) -> Res<Attempt>;
    }
}
