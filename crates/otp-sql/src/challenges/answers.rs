//! The answers of requests that may be repeated.

use std::collections::{BTreeMap, BTreeSet};

use otp_core::limit::Usage;
use otp_core::port::Idempotency;
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::sql::{Conn, Query, Writes, query, statements};
use crate::trouble::{Tried, Trouble};

statements! {
    REMEMBERED(Text, Text, Octets) = "
        SELECT a.tenant, a.mode, a.key, a.fingerprint, a.answer, a.remaining, a.expires_at
        FROM ({rows}) AS w
        JOIN answers a ON a.tenant = w.column1 AND a.mode = w.column2 AND a.key = w.column3";
    REMEMBERED_YET = "
        SELECT expires_at FROM answers WHERE tenant = $1 AND mode = $2 AND key = $3 AND expires_at > $4";
    /// In place of one whose time is over; passes over one that somebody else has remembered since.
    REMEMBER(Text, Text, Octets, Octets, Octets, Text, Number, Number) = "
        INSERT INTO answers (tenant, mode, key, fingerprint, answer, remaining, expires_at, remembered_at)
        {rows}
        ON CONFLICT (tenant, mode, key) DO UPDATE SET
            fingerprint = excluded.fingerprint, answer = excluded.answer, remaining = excluded.remaining,
            expires_at = excluded.expires_at, remembered_at = excluded.remembered_at
        WHERE answers.expires_at <= excluded.remembered_at";
}

/// Asks whether the same call was answered.
pub(super) fn remembered(realm: Realm, call: &Idempotency, now: Timestamp) -> Query {
    query(&REMEMBERED_YET).realm(realm).octets(&call.key).time(now)
}

/// An answer, and what was left of each limit when it was given.
pub(super) struct Answer {
    pub(super) request: Idempotency,
    pub(super) remaining: Vec<u32>,
    /// When it was given, if it is to be written.
    new_at: Option<Timestamp>,
}

/// The remembered answers a batch looks at and adds to.
#[derive(Default)]
pub(crate) struct Answers {
    needed: BTreeSet<(Realm, [u8; 32])>,
    known: BTreeMap<(Realm, [u8; 32]), Answer>,
}

impl Answers {
    /// Names the call a member may be repeating.
    pub(super) fn need(&mut self, realm: Realm, call: &Idempotency) {
        self.needed.insert((realm, call.key));
    }

    /// What the same call was answered, unless it is time to forget that.
    pub(super) fn to(&self, realm: Realm, call: &Idempotency, now: Timestamp) -> Option<&Answer> {
        self.known.get(&(realm, call.key)).filter(|answer| now < answer.request.expires_at)
    }

    /// Remembers an answer, and what was left of each limit drawn for it.
    pub(super) fn remember(&mut self, realm: Realm, call: &Idempotency, usage: &[Usage], now: Timestamp) {
        let left = usage.iter().map(Usage::remaining);
        let remaining = call.remaining.iter().copied().chain(left).collect();
        self.known.insert((realm, call.key), Answer { request: call.clone(), remaining, new_at: Some(now) });
    }

    /// Reads the answers needed.
    pub(crate) async fn load(&mut self, conn: &mut Conn) -> Tried<()> {
        let needed: Vec<_> = self.needed.iter().collect();
        for row in REMEMBERED.fetch(conn, &needed, |query, (realm, key)| query.realm(*realm).octets(key)).await? {
            let request = Idempotency {
                key: row.hash("key")?,
                fingerprint: row.hash("fingerprint")?,
                answer: row.octets("answer")?,
                remaining: Vec::new(),
                expires_at: row.time("expires_at")?,
            };
            let answer = Answer { remaining: row.json("remaining")?, request, new_at: None };
            self.known.insert((row.realm()?, answer.request.key), answer);
        }
        Ok(())
    }

    /// Has the new ones written.
    pub(crate) fn store(&self, writes: &mut Writes) -> Tried<()> {
        let new = self.known.iter().filter_map(|((realm, _), answer)| Some((*realm, answer, answer.new_at?)));
        let rows = new.map(|(realm, answer, at)| {
            let remaining = serde_json::to_string(&answer.remaining);
            Ok((realm, &answer.request, remaining.map_err(|_| Trouble::corrupt("numbers are no JSON"))?, at))
        });
        writes.add(&REMEMBER, &rows.collect::<Tried<Vec<_>>>()?, |query, (realm, request, remaining, at)| {
            let query = query.realm(*realm).octets(&request.key).octets(&request.fingerprint);
            query.octets(&request.answer).bind(remaining.as_str()).time(request.expires_at).time(*at)
        });
        Ok(())
    }
}
