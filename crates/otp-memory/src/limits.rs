//! Counters of limits. The arithmetic is the domain's: [`decide`].

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::limit::{Admission, Draw, LimitKey, Log, Usage, decide, peek};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;

use crate::MemoryStore;
use crate::fading::{Ends, Fading};
use crate::state::State;

/// The log of every limit drawn lately.
#[derive(Default)]
pub(crate) struct Limits(Fading<LimitKey, Drawn>);

/// The log of one limit.
struct Drawn {
    log: Log,
    forget_at: Timestamp,
}

impl Ends for Drawn {
    fn ends_at(&self) -> Timestamp {
        self.forget_at
    }
}

impl Limits {
    /// The log of each draw, in order; an empty one where nothing was drawn.
    pub(crate) fn logs(&self, draws: &[Draw], now: Timestamp) -> Vec<Log> {
        let log = |draw: &Draw| self.0.live(&draw.key, now).map(|drawn| drawn.log.clone()).unwrap_or_default();
        draws.iter().map(log).collect()
    }

    /// Keeps the logs of `draws` as [`decide`] left them.
    pub(crate) fn keep(&mut self, draws: &[Draw], logs: Vec<Log>) {
        for (draw, log) in draws.iter().zip(logs) {
            if let Some(forget_at) = log.forget_at(draw.window) {
                self.0.keep(draw.key, Drawn { log, forget_at });
            }
        }
    }

    /// Drops the logs in which nothing counts any more.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.0.forget(now);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl State {
    /// Draws all or nothing; writes the effects of what comes of it.
    pub(crate) fn acquire(&mut self, draws: &[Draw], now: Timestamp) -> Admission {
        let mut logs = self.limits.logs(draws, now);
        let admission = decide(draws, &mut logs, now);
        if let Admission::Admitted(_) = admission {
            self.limits.keep(draws, logs);
        }
        self.apply(admission.effects(draws), now);
        admission
    }

    /// How the limits of `draws` stand, spending nothing.
    pub(crate) fn usage(&self, draws: &[Draw], now: Timestamp) -> Vec<Usage> {
        peek(draws, &self.limits.logs(draws, now), now)
    }
}

#[async_trait]
impl LimitStore for MemoryStore {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        Ok(self.write("memory.acquire", now)?.acquire(&draws, now))
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        Ok(self.read("memory.usage")?.usage(draws, now))
    }
}
