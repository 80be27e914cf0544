//! Challenges that are open, and the requests and attempts on them.

mod answers;
mod attempt;
mod open;
mod rows;

pub(crate) use answers::Answers;
pub(crate) use rows::{Challenges, challenge_columns, read};

use async_trait::async_trait;
use otp_core::challenge::{Challenge, Lookup, SIDE_BY_SIDE};
use otp_core::fault::Res;
use otp_core::limit;
use otp_core::port::{Attempt, ChallengeStore, Opened, Opening, Presented, Request};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{query, statements};

statements! {
    MAILED_AT = "SELECT mailed_at FROM challenges WHERE tenant = $1 AND mode = $2 AND id = $3 AND expires_at > $4";
    LIVE_BY_ID = concat!(
        "SELECT ", challenge_columns!(), " FROM challenges c
        WHERE c.tenant = $1 AND c.mode = $2 AND c.id = $3 AND c.expires_at > $4"
    );
    LIVE_BY_ADDRESS = concat!(
        "SELECT ", challenge_columns!(), " FROM challenges c
        WHERE c.tenant = $1 AND c.mode = $2 AND c.address_key = $3 AND c.purpose = $4 AND c.expires_at > $5
        ORDER BY c.seq DESC
        LIMIT $6"
    );
}

#[async_trait]
impl ChallengeStore for SqlStore {
    async fn open(&self, request: Request, now: Timestamp) -> Res<Opened> {
        self.writer.run(open::Open { request, now }).await
    }

    async fn foregone(&self, request: &Request, now: Timestamp) -> Res<bool> {
        const OP: &str = "sql.foregone";
        if let Some(call) = &request.idempotency
            && self.readers.one(OP, answers::remembered(request.opening.realm(), call, now)).await?.is_some()
        {
            return Ok(true);
        }
        let Opening::Resend { realm, challenge, pause, .. } = &request.opening else { return Ok(false) };
        let row = self.readers.one(OP, query(&MAILED_AT).realm(*realm).text(challenge).time(now)).await?;
        let mailed_at = row.map(|row| row.time("mailed_at")).transpose().map_err(|trouble| trouble.fault(OP))?;
        Ok(mailed_at.is_none_or(|mailed_at| limit::pause(*pause, mailed_at, now).is_some()))
    }

    async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>> {
        const OP: &str = "sql.live";
        let query = match by {
            Lookup::Id { realm, id } => query(&LIVE_BY_ID).realm(*realm).text(id).time(now),
            Lookup::Address { realm, purpose, address_key } => {
                let query = query(&LIVE_BY_ADDRESS).realm(*realm).octets(address_key.as_bytes());
                query.text(purpose).time(now).count(SIDE_BY_SIDE)
            }
        };
        let rows = self.readers.all(OP, query).await?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn attempt(&self, presented: Presented, now: Timestamp) -> Res<Attempt> {
        self.writer.run(attempt::Try { presented, now }).await
    }
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements(engine: crate::sql::Engine) -> Vec<&'static str> {
    [statements(engine), rows::statements(engine), answers::statements(engine)].concat()
}
