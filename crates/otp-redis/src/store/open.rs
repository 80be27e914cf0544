//! Requests: a challenge opened, or its code mailed again.

use otp_core::fault::{Fault, Res};
use otp_core::limit;
use otp_core::port::{Idempotency, Opened, Opening, Request};
use otp_core::time::Timestamp;
use redis::{FromRedisValue, Value, from_redis_value};
use serde::Serialize;

use crate::effects::{Drawn, Written};
use crate::keys::hex;
use crate::limits::standing;
use crate::scripts::OPEN;
use crate::server::{HELD, Server, document, millis};

const OP: &str = "redis.open";

#[derive(Serialize)]
struct Call<'a> {
    now: Timestamp,
    held: u64,
    outbox: String,
    draws: Vec<Drawn>,
    admitted: Vec<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<New>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resend: Option<Resend>,
}

#[derive(Serialize)]
struct Answer<'a> {
    key: String,
    fingerprint: String,
    remaining: &'a [u32],
    expires: Timestamp,
}

#[derive(Serialize)]
struct New {
    key: String,
    address: String,
    user: String,
    doc: String,
    max: u8,
    expires: Timestamp,
    number: String,
}

#[derive(Serialize)]
struct Resend {
    key: String,
    pause: u64,
    refused: Vec<Written>,
}

pub(super) async fn open(server: &Server, request: Request, now: Timestamp) -> Res<Opened> {
    let Request { opening, draws, idempotency, admitted } = &request;
    let (keys, realm) = (&server.keys, opening.realm());
    let (new, resend) = match opening {
        Opening::New(challenge) => {
            let new = New {
                key: keys.challenge(realm, challenge.id),
                address: keys.address(realm, &challenge.address_key, &challenge.purpose),
                user: keys.user(realm, &challenge.address_key),
                doc: document(OP, challenge)?,
                max: challenge.max_attempts,
                expires: challenge.expires_at,
                number: keys.number(realm),
            };
            (Some(new), None)
        }
        Opening::Resend { challenge, pause, refused, .. } => {
            let refused = keys.written(OP, refused, now)?;
            (None, Some(Resend { key: keys.challenge(realm, *challenge), pause: millis(*pause), refused }))
        }
    };
    let answer = idempotency.as_ref().map(|call| Answer {
        key: keys.answer(realm, &call.key),
        fingerprint: hex(&call.fingerprint),
        remaining: &call.remaining,
        expires: call.expires_at,
    });
    let call = Call {
        now,
        held: millis(HELD),
        outbox: keys.outbox(),
        draws: keys.drawn(OP, draws, now)?,
        admitted: keys.written(OP, admitted, now)?,
        answer,
        new,
        resend,
    };
    let octets = idempotency.as_ref().map(|call| call.answer.as_slice()).unwrap_or_default();
    let mut said = server.run::<Vec<Value>>(OP, &OPEN, draws, &call, octets).await?.into_iter();
    let word: String = next(&mut said)?;
    let usage = |logs: Vec<Vec<u8>>| standing(OP, draws, logs, now);
    Ok(match word.as_str() {
        "admitted" => Opened::Admitted(usage(next(&mut said)?)?),
        "refused" => {
            let by = next::<usize>(&mut said)?.checked_sub(1).ok_or_else(strange)?;
            Opened::Refused { by, usage: usage(next(&mut said)?)? }
        }
        "paused" => {
            let mailed_at = Timestamp::from_millis(next::<String>(&mut said)?.parse().map_err(|_| strange())?);
            let mut usage = usage(next(&mut said)?)?;
            let by = usage.len();
            usage.push(paused(opening, mailed_at, now).ok_or_else(strange)?);
            Opened::Refused { usage, by }
        }
        "replayed" => {
            let (answer, remaining): (Vec<u8>, String) = (next(&mut said)?, next(&mut said)?);
            let left = remaining.split(',').filter(|left| !left.is_empty()).map(str::parse).collect::<Result<_, _>>();
            Opened::Replayed { answer, remaining: left.map_err(|_| strange())?, usage: usage(next(&mut said)?)? }
        }
        "gone" => Opened::Gone,
        "mismatch" => Opened::Mismatch,
        _ => return Err(strange()),
    })
}

fn paused(opening: &Opening, mailed_at: Timestamp, now: Timestamp) -> Option<limit::Usage> {
    match opening {
        Opening::New(_) => None,
        Opening::Resend { pause, .. } => limit::pause(*pause, mailed_at, now),
    }
}

pub(super) async fn foregone(server: &Server, request: &Request, now: Timestamp) -> Res<bool> {
    const OP: &str = "redis.foregone";
    let realm = request.opening.realm();
    let field = async |key: String, field: &str| {
        let mut get = redis::cmd("HGET");
        get.arg(key).arg(field);
        let millis: Option<i64> = server.link.ask(OP, &get).await?;
        Ok::<_, Fault>(millis.map(Timestamp::from_millis))
    };
    if let Some(Idempotency { key, .. }) = &request.idempotency
        && field(server.keys.answer(realm, key), "expires").await?.is_some_and(|end| now < end)
    {
        return Ok(true);
    }
    let Opening::Resend { challenge, pause, .. } = &request.opening else { return Ok(false) };
    let key = server.keys.challenge(realm, *challenge);
    let ended = field(key.clone(), "expires").await?.is_none_or(|end| end <= now);
    let mailed_at = field(key, "mailed").await?;
    Ok(ended || mailed_at.is_none_or(|at| limit::pause(*pause, at, now).is_some()))
}

/// The next of what a script answers.
pub(super) fn next<T: FromRedisValue>(said: &mut impl Iterator<Item = Value>) -> Res<T> {
    said.next().and_then(|value| from_redis_value(value).ok()).ok_or_else(strange)
}

pub(super) fn strange() -> Fault {
    Fault::corrupt(OP, "a script answers something else")
}
