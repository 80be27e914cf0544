//! Effects and draws as scripts take them.

use otp_core::effect::{Effect, Who};
use otp_core::fault::{Fault, Res};
use otp_core::limit::{Draw, Mark};
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::keys::Keys;
use crate::server::{HELD, document, millis};

/// An effect, as `effects.lua` applies it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Written {
    Mail { doc: String, challenge: String },
    Count { hours: String, hour: i64, key: String, counter: &'static str },
    Seen { hours: String, hour: i64, key: String, user: String },
    Audit { key: String, doc: String },
    Once { key: String, draw: Drawn, held: u64, effects: Vec<Written> },
}

/// A draw, as `limits.lua` looks at it. Its key goes with the keys of the call.
#[derive(Debug, Serialize)]
pub(crate) struct Drawn {
    limit: u32,
    noted: Timestamp,
    after: u64,
    quota: bool,
    refused: Vec<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<Marked>,
}

/// A mark of a draw.
#[derive(Debug, Serialize)]
struct Marked {
    units: u32,
    effects: Vec<Written>,
}

impl Keys {
    /// `effects`, under their keys, as of `now`.
    pub(crate) fn written(&self, op: &'static str, effects: &[Effect], now: Timestamp) -> Res<Vec<Written>> {
        let mut written = Vec::with_capacity(effects.len());
        for effect in effects {
            written.push(match effect {
                Effect::Mail(mail) => {
                    let challenge = mail.letter.challenge().map(|challenge| self.challenge(mail.realm, challenge));
                    Written::Mail { doc: document(op, mail)?, challenge: challenge.unwrap_or_default() }
                }
                Effect::Count { realm, counter, at } => Written::Count {
                    hours: self.hours(*realm),
                    hour: at.hour().as_millis(),
                    key: self.usage(*realm, at.hour()),
                    counter: counter.as_str(),
                },
                Effect::Seen { realm, who: Who::User(user), at } => Written::Seen {
                    hours: self.hours(*realm),
                    hour: at.hour().as_millis(),
                    key: self.seen(*realm, at.hour()),
                    user: user.to_string(),
                },
                // Only a sign-in says who that is, and passes its effects through `Effect::signed_in` first.
                Effect::Seen { who: Who::SignedIn, .. } => continue,
                Effect::Audit(entry) => {
                    Written::Audit { key: self.audit(entry.realm.tenant), doc: document(op, entry)? }
                }
                Effect::Remember(_) => {
                    return Err(Fault::misconfigured(op, "answers of calls are kept where tenants are"));
                }
                Effect::Once(once) => Written::Once {
                    key: self.limit(&once.key),
                    draw: self.one_drawn(op, &once.draw(), now)?,
                    held: millis(HELD),
                    effects: self.written(op, &once.effects, now)?,
                },
            });
        }
        Ok(written)
    }

    /// `draws`, in order, as of `now`.
    pub(crate) fn drawn(&self, op: &'static str, draws: &[Draw], now: Timestamp) -> Res<Vec<Drawn>> {
        draws.iter().map(|draw| self.one_drawn(op, draw, now)).collect()
    }

    fn one_drawn(&self, op: &'static str, draw: &Draw, now: Timestamp) -> Res<Drawn> {
        let marked = |mark: &Mark| {
            let effects = self.written(op, &mark.effects, now)?;
            Ok(Marked { units: mark.units, effects })
        };
        Ok(Drawn {
            limit: draw.limit,
            noted: draw.window.noted(now),
            after: millis(draw.window.after()),
            quota: draw.key.rule.is_quota(),
            refused: self.written(op, &draw.refused, now)?,
            mark: draw.mark.as_ref().map(marked).transpose()?,
        })
    }
}
