//! Sessions: read, rotated, ended. They are opened by `ChallengeStore::attempt`.

use std::time::Duration;

use async_trait::async_trait;

use crate::effect::Effect;
use crate::fault::Res;
use crate::id::{SessionId, UserId};
use crate::realm::Realm;
use crate::session::LiveSession;
use crate::time::Timestamp;

/// A token of generation `generation` asks to be replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// Whose.
    pub realm: Realm,
    /// Which session.
    pub session: SessionId,
    /// The generation the token was issued in.
    pub generation: u32,
    /// How long the session lives from now on unless it is refreshed again.
    pub idle: Duration,
    /// How long after its replacement the token may ask again. Without, a replaced token is merely
    /// dead; with, presenting it later than this ends the session.
    pub grace: Option<Duration>,
    /// What to write if it is replaced.
    pub rotated: Vec<Effect>,
    /// What to write if its reuse ends the session.
    pub reused: Vec<Effect>,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// The session is in its next generation.
    Rotated(Box<LiveSession>),
    /// It already was, a moment ago, and nobody has used that yet: nothing was written.
    Replay(Box<LiveSession>),
    /// An older token was presented again: the session has ended.
    Reused,
    /// The session is not live, or the token not of its present generation and without grace.
    Gone,
}

/// Sessions to end.
#[derive(Debug, Clone, PartialEq)]
pub struct Revocation {
    /// Whose.
    pub realm: Realm,
    /// Which.
    pub which: Revoked,
    /// What to write if any was live.
    pub effects: Vec<Effect>,
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// One.
    One(SessionId),
    /// All of a user.
    AllOf(UserId),
}

/// Keeps sessions.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The session and its user, unless it ended or ran out. Never from a cache.
    ///
    /// # Contract
    /// 1. MUST answer nothing once `revoke` has answered, on every node (`a_revoked_session_is_dead`).
    /// 2. MUST answer nothing from its idle or absolute end on (`sessions_run_out`).
    /// 3. MUST answer nothing to another realm (`sessions_keep_to_their_realm`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn live(&self, realm: Realm, session: SessionId, now: Timestamp) -> Res<Option<LiveSession>>;

    /// Moves a session to its next generation if the token is of the present one.
    ///
    /// # Contract
    /// 1. MUST let exactly one of parallel rotations of a generation through; the rest are replays (`rotation_is_single`).
    /// 2. MUST answer a token one generation old within its grace, end included, as a replay, while the
    ///    present one is unused (`a_replay_within_grace`).
    /// 3. MUST end the session on any other older token that has a grace (`reuse_ends_the_session`), and
    ///    leave it alone if the token has none (`a_stale_token_without_grace_is_dead`).
    /// 4. MUST move the idle end, never the absolute one (`rotation_moves_the_idle_end`).
    ///
    /// # Errors
    /// When the store cannot be reached; the session may have rotated, and the grace lets the caller ask again.
    async fn rotate(&self, rotation: Rotation, now: Timestamp) -> Res<Rotated>;

    /// Ends sessions; answers how many were live.
    ///
    /// # Contract
    /// 1. MUST write the effects exactly if at least one was live (`a_revoked_session_is_dead`).
    /// 2. MUST end all live ones of a user and none of another (`everywhere_means_everywhere`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn revoke(&self, revocation: Revocation, now: Timestamp) -> Res<u64>;
}
