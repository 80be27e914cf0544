//! Attempts: paid for first, judged then.

use otp_core::challenge::Lookup;
use otp_core::effect::Effect;
use otp_core::fault::{Fault, Res};
use otp_core::id::UserId;
use otp_core::port::{Attempt, Presented, SignedIn};
use otp_core::session::{Session, SignIn};
use otp_core::time::Timestamp;
use otp_core::user::User;
use redis::Value;
use serde::Serialize;

use super::open::{next, strange};
use super::read::{self, parse};
use crate::effects::{Drawn, Written};
use crate::limits::standing;
use crate::scripts::ATTEMPT;
use crate::server::{HELD, Server, document, millis};

const OP: &str = "redis.attempt";

#[derive(Serialize)]
struct Call {
    now: Timestamp,
    held: u64,
    outbox: String,
    draws: Vec<Drawn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<String>,
    right: Vec<Written>,
    wrong: Vec<Written>,
    locked: Vec<Written>,
    full: Vec<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<Entering>,
}

/// What a right code opens, as for somebody who signs in for the first time.
#[derive(Serialize)]
struct Entering {
    candidate: String,
    user_doc: String,
    people: String,
    ids: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_users: Option<u32>,
    sessions: String,
    session: String,
    session_doc: String,
    idle: Timestamp,
    expires: Timestamp,
    created: Vec<Written>,
}

pub(super) async fn attempt(server: &Server, presented: Presented, now: Timestamp) -> Res<Attempt> {
    let Presented { by, matched, sign_in, wrong_draws, on } = &presented;
    if sign_in.as_ref().is_some_and(|sign_in| sign_in.registers.is_some()) {
        return Err(Fault::misconfigured(OP, "tenants are kept elsewhere: a code kept here cannot register one"));
    }
    let keys = &server.keys;
    let (realm, id, address) = match by {
        Lookup::Id { realm, id } => (*realm, Some(keys.challenge(*realm, *id)), None),
        Lookup::Address { realm, purpose, address_key } => {
            (*realm, None, Some(keys.address(*realm, address_key, purpose)))
        }
    };
    // Read beforehand for what does not change of it; whether it is still open, the script finds out.
    let by_id = |id| Lookup::Id { realm, id };
    let challenge = match matched {
        Some(id) => read::live(server, &by_id(*id), now).await?.pop(),
        None => None,
    };
    let entering = challenge.as_ref().zip(sign_in.as_ref());
    let candidate = sign_in.as_ref().map(|sign_in| sign_in.user);
    let call = Call {
        now,
        held: millis(HELD),
        outbox: keys.outbox(),
        draws: keys.drawn(OP, wrong_draws, now)?,
        id,
        address,
        matched: challenge.as_ref().map(|challenge| keys.challenge(realm, challenge.id)),
        right: keys.written(OP, &named(&on.right, candidate), now)?,
        wrong: keys.written(OP, &on.wrong, now)?,
        locked: keys.written(OP, &on.locked, now)?,
        full: keys.written(OP, &on.full, now)?,
        sign_in: entering
            .map(|(challenge, sign_in)| {
                let user = sign_in.create(realm, challenge.address_key, now);
                let session = sign_in.open(user.id, realm, challenge.purpose.clone(), now);
                entering_as(server, sign_in, &user, &session, now)
            })
            .transpose()?,
    };
    let mut said = server.run::<Vec<Value>>(OP, &ATTEMPT, wrong_draws, &call, &[]).await?.into_iter();
    let word: String = next(&mut said)?;
    Ok(match word.as_str() {
        "right" => {
            let is_new = next::<i64>(&mut said)? == 1;
            let user: User = parse(OP, &next::<String>(&mut said)?)?;
            let session: Session = parse(OP, &next::<String>(&mut said)?)?;
            let user = User { last_login_at: now, ..user };
            Attempt::Right(Box::new(SignedIn { user, session, is_new }))
        }
        "wrong" => Attempt::Wrong { left: next(&mut said)? },
        "full" => Attempt::UserLimit,
        "expired" => Attempt::Expired,
        "exhausted" => Attempt::Exhausted,
        "limited" => {
            let by = next::<usize>(&mut said)?.checked_sub(1).ok_or_else(strange)?;
            let usage = standing(OP, wrong_draws, next(&mut said)?, now)?;
            Attempt::RateLimited(*usage.get(by).ok_or_else(strange)?)
        }
        _ => return Err(strange()),
    })
}

/// `effects` of whoever signs in, in the name of who it would be for the first time.
fn named(effects: &[Effect], candidate: Option<UserId>) -> Vec<Effect> {
    let named = |effect: &Effect| match candidate {
        Some(user) => effect.clone().signed_in(user),
        None => effect.clone(),
    };
    effects.iter().map(named).collect()
}

fn entering_as(server: &Server, sign_in: &SignIn, user: &User, session: &Session, now: Timestamp) -> Res<Entering> {
    let keys = &server.keys;
    Ok(Entering {
        candidate: user.id.to_string(),
        user_doc: document(OP, user)?,
        people: keys.people(user.realm),
        ids: keys.people_by_id(user.realm),
        max_users: sign_in.max_users,
        sessions: keys.sessions(user.realm, user.id),
        session: keys.session(session.realm, session.id),
        session_doc: document(OP, session)?,
        idle: session.idle_expires_at,
        expires: session.expires_at,
        created: keys.written(OP, &named(&sign_in.created, Some(user.id)), now)?,
    })
}
