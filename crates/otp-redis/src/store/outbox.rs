//! Mail that waits to be sent.

use std::time::Duration;

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::fault::Res;
use otp_core::port::{Backlog, Lease, Leased, Outbox, Progress, Settled, Settlement};
use otp_core::time::Timestamp;
use otp_core::user::User;
use serde::Serialize;

use super::RedisStore;
use super::open::strange;
use super::read::parse;
use crate::effects::Written;
use crate::scripts::{APPEND, CLAIM, SETTLE};

/// What a claim answers of one entry.
type Claimed = (String, i64, String, u32, u8, String, String);

#[async_trait]
impl Outbox for RedisStore {
    async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<Leased>> {
        const OP: &str = "redis.claim";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            until: Timestamp,
            max: usize,
            outbox: String,
        }
        let until = now.plus(lease);
        let call = Call { now, until, max, outbox: self.0.keys.outbox() };
        let claimed: Vec<Claimed> = self.0.run(OP, &CLAIM, &[], &call, &[]).await?;
        let leased = |(entry, token, mail, tries, admitted, challenge, user): Claimed| {
            let challenge = (!challenge.is_empty()).then(|| parse(OP, &challenge)).transpose()?;
            let user: Option<User> = (!user.is_empty()).then(|| parse(OP, &user)).transpose()?;
            Ok(Leased {
                lease: Lease { entry: entry.parse().map_err(|_| strange())?, token, until },
                mail: parse(OP, &mail)?,
                progress: Progress { tries, admitted: admitted != 0 },
                challenge,
                known_as: user.map(|user| user.address),
            })
        };
        claimed.into_iter().map(leased).collect()
    }

    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled> {
        const OP: &str = "redis.settle";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            outbox: String,
            entry: String,
            token: i64,
            effects: Vec<Written>,
            #[serde(skip_serializing_if = "Option::is_none")]
            retry: Option<Retry>,
        }
        #[derive(Serialize)]
        struct Retry {
            at: Timestamp,
            tries: u32,
            admitted: u8,
        }
        let retry = match how {
            Settlement::Finished => None,
            Settlement::RetryAt { at, progress: Progress { tries, admitted } } => {
                Some(Retry { at, tries, admitted: admitted.into() })
            }
        };
        let call = Call {
            now,
            outbox: self.0.keys.outbox(),
            // As the script that queued it has written the number.
            entry: format!("{:016}", lease.entry),
            token: lease.token,
            effects: self.0.keys.written(OP, &effects, now)?,
            retry,
        };
        let recorded: bool = self.0.run(OP, &SETTLE, &[], &call, &[]).await?;
        Ok(if recorded { Settled::Recorded } else { Settled::LeaseLost })
    }

    async fn append(&self, effects: Vec<Effect>, now: Timestamp) -> Res<()> {
        const OP: &str = "redis.append";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            outbox: String,
            effects: Vec<Written>,
        }
        let effects = self.0.keys.written(OP, &effects, now)?;
        let call = Call { now, outbox: self.0.keys.outbox(), effects };
        self.0.run(OP, &APPEND, &[], &call, &[]).await
    }

    async fn backlog(&self, now: Timestamp) -> Res<Backlog> {
        const OP: &str = "redis.backlog";
        let due = format!("{}:due", self.0.keys.outbox());
        let waiting: u64 = self.0.link.ask(OP, redis::cmd("ZCARD").arg(&due)).await?;
        let mut first = redis::cmd("ZRANGE");
        first.arg(due).arg(0).arg(0).arg("WITHSCORES");
        let oldest: Vec<(String, i64)> = self.0.link.ask(OP, &first).await?;
        let oldest = oldest.first().map(|(_, due_at)| Timestamp::from_millis(*due_at));
        Ok(Backlog { waiting, oldest_due: oldest.filter(|due_at| *due_at <= now) })
    }
}
