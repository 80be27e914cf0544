//! Effects and draws as scripts take them.

use otp_core::effect::{Effect, Who};
use otp_core::fault::Res;
use otp_core::limit::Draw;
use serde::Serialize;

use crate::keys::Keys;
use crate::server::{document, millis};

/// An effect, as `effects.lua` applies it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Written {
    Mail { doc: String, challenge: String },
    Count { hours: String, hour: i64, key: String, counter: &'static str },
    Seen { hours: String, hour: i64, key: String, user: String },
    Audit { key: String, doc: String },
}

/// A draw, as `limits.lua` looks at it. Its key goes with the keys of the call.
#[derive(Debug, Serialize)]
pub(crate) struct Drawn {
    limit: u32,
    window: u64,
    refused: Vec<Written>,
}

impl Keys {
    /// `effects`, under their keys.
    pub(crate) fn written(&self, op: &'static str, effects: &[Effect]) -> Res<Vec<Written>> {
        let mut written = Vec::with_capacity(effects.len());
        for effect in effects {
            written.push(match effect {
                Effect::Mail(mail) => {
                    Written::Mail { doc: document(op, mail)?, challenge: self.challenge(mail.realm, mail.challenge) }
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
            });
        }
        Ok(written)
    }

    /// `draws`, in order.
    pub(crate) fn drawn(&self, op: &'static str, draws: &[Draw]) -> Res<Vec<Drawn>> {
        let drawn = |draw: &Draw| {
            let refused = self.written(op, &draw.refused)?;
            Ok(Drawn { limit: draw.limit, window: millis(draw.window), refused })
        };
        draws.iter().map(drawn).collect()
    }
}
