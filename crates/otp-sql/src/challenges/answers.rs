//! The answers of requests that may be repeated.

use std::collections::{BTreeMap, BTreeSet};

use otp_core::port::Idempotency;
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::sql::{Bind, Conn, Read, statements};
use crate::trouble::{Tried, Trouble};

statements! {
    REMEMBERED(3) = "
        SELECT a.tenant, a.mode, a.key, a.fingerprint, a.answer, a.remaining, a.expires_at
        FROM (VALUES {rows}) AS w
        JOIN answers a ON a.tenant = w.column1 AND a.mode = w.column2 AND a.key = w.column3";
    /// In place of one whose time is over.
    REMEMBER(7) = "
        INSERT INTO answers (tenant, mode, key, fingerprint, answer, remaining, expires_at)
        VALUES {rows}
        ON CONFLICT (tenant, mode, key) DO UPDATE SET
            fingerprint = excluded.fingerprint, answer = excluded.answer, remaining = excluded.remaining,
            expires_at = excluded.expires_at";
}

/// An answer, and what was left of each limit when it was given.
pub(super) struct Answer {
    pub(super) request: Idempotency,
    pub(super) remaining: Vec<u32>,
    /// Whether it is to be written.
    is_new: bool,
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

    /// Remembers an answer.
    pub(super) fn remember(&mut self, realm: Realm, request: Idempotency, remaining: Vec<u32>) {
        self.known.insert((realm, request.key), Answer { request, remaining, is_new: true });
    }

    /// Reads the answers needed.
    pub(crate) async fn load(&mut self, conn: &mut Conn) -> Tried<()> {
        let needed: Vec<_> = self.needed.iter().collect();
        for row in REMEMBERED.fetch(conn, &needed, |query, (realm, key)| query.realm(*realm).octets(key)).await? {
            let request = Idempotency {
                key: row.hash("key")?,
                fingerprint: row.hash("fingerprint")?,
                answer: row.octets("answer")?,
                expires_at: row.time("expires_at")?,
            };
            let answer = Answer { remaining: row.json("remaining")?, request, is_new: false };
            self.known.insert((row.realm()?, answer.request.key), answer);
        }
        Ok(())
    }

    /// Writes the new ones.
    pub(crate) async fn store(&self, conn: &mut Conn) -> Tried<()> {
        let new = self.known.iter().filter(|(_, answer)| answer.is_new).map(|((realm, _), answer)| {
            let remaining =
                serde_json::to_string(&answer.remaining).map_err(|_| Trouble::corrupt("numbers are no JSON"))?;
            Ok((*realm, &answer.request, remaining))
        });
        REMEMBER
            .write(conn, &new.collect::<Tried<Vec<_>>>()?, |query, (realm, request, remaining)| {
                let query = query.realm(*realm).octets(&request.key).octets(&request.fingerprint);
                query.octets(&request.answer).bind(remaining.as_str()).time(request.expires_at)
            })
            .await
    }
}
