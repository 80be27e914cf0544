//! Requests and attempts where limits are kept elsewhere than challenges.
//!
//! Where one store keeps both, limits are drawn in the write that needs them. Where they are apart, a
//! request draws first and opens then: a crash in between costs a unit and grants nothing. An attempt
//! is spent first and drawn for then: a verdict that the limit does not admit any more is dropped, and
//! the attempt stays spent. Nothing is ever given back.

use super::Otp;
use crate::effect::Effect;
use crate::fault::Res;
use crate::limit::{self, Admission, Draw, Usage};
use crate::port::{Attempt, Opened, Opening, Presented, Request};
use crate::tally;
use crate::time::Timestamp;

impl Otp {
    /// [`ChallengeStore::open`](crate::port::ChallengeStore::open), wherever limits are.
    pub(crate) async fn open_within_limits(&self, request: Request, now: Timestamp) -> Res<Opened> {
        let opened = self.opened(request, now).await?;
        if let Opened::Refused { usage, by } = &opened
            && let Some(by) = usage.get(*by)
        {
            tally::refused(by.rule);
        }
        Ok(opened)
    }

    async fn opened(&self, mut request: Request, now: Timestamp) -> Res<Opened> {
        let stores = &self.deployment.stores;
        if !stores.limits_apart {
            return stores.challenges.open(request, now).await;
        }
        let draws = std::mem::take(&mut request.draws);
        // Of a new request without a key nothing can be known before.
        let may_be_foregone = request.idempotency.is_some() || matches!(request.opening, Opening::Resend { .. });
        if may_be_foregone && stores.challenges.foregone(&request, now).await? {
            let opened = stores.challenges.open(request, now).await?;
            return self.with_usage(opened, &draws, now).await;
        }
        let (admission, told) = self.draw_apart(&draws, now).await?;
        match admission {
            Admission::Refused { usage, by } => {
                stores.challenges.append(told, now).await?;
                Ok(Opened::Refused { usage, by })
            }
            Admission::Admitted(usage) => {
                request.admitted.extend(told);
                if let Some(call) = &mut request.idempotency {
                    call.remaining = usage.iter().map(Usage::remaining).collect();
                }
                Ok(match stores.challenges.open(request, now).await? {
                    Opened::Admitted(_) => Opened::Admitted(usage),
                    // Somebody else was quicker: with the same key, a resend, or the code itself.
                    Opened::Replayed { answer, remaining, .. } => Opened::Replayed { answer, remaining, usage },
                    Opened::Refused { usage: pause, by } => {
                        Opened::Refused { by: usage.len() + by, usage: [usage, pause].concat() }
                    }
                    other @ (Opened::Gone | Opened::Mismatch) => other,
                })
            }
        }
    }

    /// [`ChallengeStore::attempt`](crate::port::ChallengeStore::attempt), wherever limits are.
    pub(crate) async fn attempt_within_limits(&self, presented: Presented, now: Timestamp) -> Res<Attempt> {
        let attempt = self.attempted(presented, now).await?;
        if let Attempt::RateLimited(by) = &attempt {
            tally::refused(by.rule);
        }
        Ok(attempt)
    }

    async fn attempted(&self, mut presented: Presented, now: Timestamp) -> Res<Attempt> {
        let stores = &self.deployment.stores;
        if !stores.limits_apart {
            return stores.challenges.attempt(presented, now).await;
        }
        let draws = std::mem::take(&mut presented.wrong_draws);
        if draws.is_empty() {
            return stores.challenges.attempt(presented, now).await;
        }
        let usage = stores.limits.usage(&draws, now).await?;
        if let Some(by) = limit::refusing(&usage) {
            let refused = draws.into_iter().nth(by).map(|draw| draw.refused);
            stores.challenges.append(refused.unwrap_or_default(), now).await?;
            return Ok(Attempt::RateLimited(usage[by]));
        }
        match stores.challenges.attempt(presented, now).await? {
            Attempt::Wrong { left } => {
                let (admission, told) = self.draw_apart(&draws, now).await?;
                if !told.is_empty() {
                    stores.challenges.append(told, now).await?;
                }
                Ok(match admission {
                    Admission::Admitted(_) => Attempt::Wrong { left },
                    Admission::Refused { usage, by } => Attempt::RateLimited(usage[by]),
                })
            }
            other @ (Attempt::Right(_)
            | Attempt::UserLimit
            | Attempt::AccountExists
            | Attempt::Expired
            | Attempt::Exhausted
            | Attempt::RateLimited(_)) => Ok(other),
        }
    }

    /// Draws where limits are; answers besides what is to be written where effects are.
    async fn draw_apart(&self, draws: &[Draw], now: Timestamp) -> Res<(Admission, Vec<Effect>)> {
        if draws.is_empty() {
            return Ok((Admission::Admitted(Vec::new()), Vec::new()));
        }
        let bare = draws.iter().map(|draw| Draw::new(draw.key, draw.limit, draw.window)).collect();
        let admission = self.deployment.stores.limits.acquire(bare, now).await?;
        let told = admission.effects(draws);
        Ok((admission, told))
    }

    /// `opened`, which nothing was drawn for, with how the limits stand.
    async fn with_usage(&self, opened: Opened, draws: &[Draw], now: Timestamp) -> Res<Opened> {
        let standing = self.deployment.stores.limits.usage(draws, now);
        Ok(match opened {
            Opened::Replayed { answer, remaining, .. } => {
                Opened::Replayed { answer, remaining, usage: standing.await? }
            }
            Opened::Refused { usage, by } => {
                let standing = standing.await?;
                Opened::Refused { by: standing.len() + by, usage: [standing, usage].concat() }
            }
            other @ (Opened::Admitted(_) | Opened::Gone | Opened::Mismatch) => other,
        })
    }
}
