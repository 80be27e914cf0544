//! Calls that may be repeated. They are rows beside the answers of requests for codes: an empty answer is a lease, whose end
//! is that of its lease.

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::keys::Sealed;
use otp_core::port::{Begun, CallLease, CallStore, Remembered};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{Conn, Writes, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    /// In place of one whose time is over.
    BEGIN = "
        INSERT INTO answers (tenant, mode, key, fingerprint, answer, remaining, expires_at, remembered_at)
        VALUES ($1, $2, $3, $4, $5, '[]', $6, $7)
        ON CONFLICT (tenant, mode, key) DO UPDATE SET
            fingerprint = excluded.fingerprint, answer = excluded.answer, remaining = excluded.remaining,
            expires_at = excluded.expires_at, remembered_at = excluded.remembered_at
        WHERE answers.expires_at <= excluded.remembered_at";
    BEGUN = "SELECT fingerprint, answer FROM answers WHERE tenant = $1 AND mode = $2 AND key = $3";
    GIVE_BACK = "
        DELETE FROM answers
        WHERE tenant = $1 AND mode = $2 AND key = $3 AND length(answer) = 0 AND expires_at = $4";
    /// Passes over a call that was begun again or answered.
    ANSWER(Text, Text, Octets, Number, Octets, Number, Number) = "
        UPDATE answers
        SET answer = w.column5, expires_at = w.column6, remembered_at = w.column7
        FROM ({rows}) AS w
        WHERE answers.tenant = w.column1 AND answers.mode = w.column2 AND answers.key = w.column3
          AND length(answers.answer) = 0 AND answers.expires_at = w.column4";
}

/// Has the answers of a batch written, each with when it was given.
pub(crate) fn store(answers: &[(Remembered, Timestamp)], writes: &mut Writes) {
    writes.add(&ANSWER, answers, |query, (Remembered { lease, answer, expires_at }, now)| {
        let query = query.realm(lease.realm).octets(&lease.key).time(lease.until);
        query.octets(answer.as_bytes()).time(*expires_at).time(*now)
    });
}

struct Begin {
    lease: CallLease,
    fingerprint: [u8; 32],
    now: Timestamp,
}

#[async_trait]
impl Verb for Begin {
    const OP: &'static str = "sql.begin_call";
    type Answer = Begun;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<Begun> {
        let CallLease { realm, key, until } = self.lease;
        let begin = query(&BEGIN).realm(realm).octets(&key).octets(&self.fingerprint).octets(&[]);
        if begin.time(until).time(self.now).execute(conn).await? == 1 {
            return Ok(Begun::Ours(self.lease));
        }
        let begun = query(&BEGUN).realm(realm).octets(&key).fetch_optional(conn).await?;
        // It was given back between the two.
        let row = begun.ok_or_else(Trouble::conflict)?;
        let answer = row.octets("answer")?;
        Ok(match row.hash("fingerprint")? == self.fingerprint {
            false => Begun::Mismatch,
            true if answer.is_empty() => Begun::InFlight,
            true => Begun::Answered(Sealed::from_bytes(answer)),
        })
    }
}

struct GiveBack(CallLease);

#[async_trait]
impl Verb for GiveBack {
    const OP: &'static str = "sql.give_back_call";
    type Answer = ();

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<()> {
        let CallLease { realm, key, until } = self.0;
        query(&GIVE_BACK).realm(realm).octets(&key).time(until).execute(conn).await?;
        Ok(())
    }
}

struct Remember {
    effects: [Effect; 1],
    now: Timestamp,
}

#[async_trait]
impl Verb for Remember {
    const OP: &'static str = "sql.remember_call";
    type Answer = ();

    async fn run(&self, _: &mut Conn, set: &mut WorkingSet) -> Tried<()> {
        set.apply(&self.effects, self.now)
    }
}

#[async_trait]
impl CallStore for SqlStore {
    async fn begin(&self, lease: CallLease, fingerprint: [u8; 32], now: Timestamp) -> Res<Begun> {
        self.writer.run(Begin { lease, fingerprint, now }).await
    }

    async fn give_back(&self, lease: CallLease, _: Timestamp) -> Res<()> {
        self.writer.run(GiveBack(lease)).await
    }

    async fn remember(&self, remembered: Remembered, now: Timestamp) -> Res<()> {
        self.writer.run(Remember { effects: [Effect::Remember(remembered)], now }).await
    }
}
