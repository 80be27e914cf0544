//! What has ended is deleted, a little at a time.

use std::time::Duration;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{Conn, Text, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    CHALLENGES = "
        DELETE FROM challenges
        WHERE seq IN
            (SELECT seq FROM challenges WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 {postgres: FOR UPDATE SKIP LOCKED})";
    ANSWERS = "
        DELETE FROM answers
        WHERE (tenant, mode, key) IN
            (SELECT tenant, mode, key FROM answers WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 {postgres: FOR UPDATE SKIP LOCKED})";
    LIMITS = "
        DELETE FROM limits
        WHERE (tenant, mode, subject, rule) IN
            (SELECT tenant, mode, subject, rule FROM limits WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})
          AND ends_at <= $1";
    RETIRED_KEYS = "
        DELETE FROM retired_keys
        WHERE kid IN
            (SELECT kid FROM retired_keys WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2 {postgres: FOR UPDATE SKIP LOCKED})";
    /// Those drawn since they were to be looked at: later.
    LIMITS_LATER = "
        UPDATE limits
        SET sweep_at = ends_at
        WHERE (tenant, mode, subject, rule) IN
            (SELECT tenant, mode, subject, rule FROM limits WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})
          AND ends_at > $1";
    SESSIONS = "
        DELETE FROM sessions
        WHERE (tenant, mode, id) IN
            (SELECT tenant, mode, id FROM sessions WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})
          AND ends_at <= $1";
    /// Those refreshed since they were to be looked at: later.
    SESSIONS_LATER = "
        UPDATE sessions
        SET sweep_at = ends_at
        WHERE (tenant, mode, id) IN
            (SELECT tenant, mode, id FROM sessions WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2
             {postgres: FOR UPDATE SKIP LOCKED})
          AND ends_at > $1";
}

/// How long an ended row is still held: a clock that steps back by less finds it alive again.
const HELD: Duration = Duration::from_secs(3600);
/// Rows of one table in one write: some milliseconds, for which everybody else waits.
const ROUND: usize = 500;

impl SqlStore {
    /// Deletes challenges, remembered answers, limits, sessions and retired keys that ended an hour ago or earlier;
    /// answers how many rows. Tenants, users, usage and the audit trail stay.
    ///
    /// To be called every minute or so. It goes in rounds of at most 500 rows of each table, between
    /// which others write, until nothing is left; dropped half-way it has done half of it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn sweep(&self, now: Timestamp) -> Res<u64> {
        let mut swept = 0;
        loop {
            let round = self.writer.run(Round { ended_by: now.minus(HELD) }).await?;
            swept += round.deleted;
            if round.deleted + round.postponed == 0 {
                return Ok(swept);
            }
        }
    }
}

struct Round {
    ended_by: Timestamp,
}

#[derive(Default)]
struct Swept {
    deleted: u64,
    postponed: u64,
}

#[async_trait]
impl Verb for Round {
    const OP: &'static str = "sql.sweep";
    type Answer = Swept;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<Swept> {
        let mut swept = Swept::default();
        for text in [&CHALLENGES, &ANSWERS, &LIMITS, &SESSIONS, &RETIRED_KEYS] {
            swept.deleted += self.sweep(conn, text).await?;
        }
        for text in [&LIMITS_LATER, &SESSIONS_LATER] {
            swept.postponed += self.sweep(conn, text).await?;
        }
        Ok(swept)
    }
}

impl Round {
    async fn sweep(&self, conn: &mut Conn, text: &'static Text) -> Tried<u64> {
        query(text).time(self.ended_by).count(ROUND).execute(conn).await
    }
}
