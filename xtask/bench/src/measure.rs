//! A measurement: a warm-up, some runs, their median.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::load::{self, Figures, Target, Work};
use crate::process::Process;
use crate::stores::Stores;

/// The share of a run that precedes the first one and is thrown away.
const WARM_UP: u32 = 2;

/// How long is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length {
    /// Runs.
    pub(crate) runs: usize,
    /// Of each.
    pub(crate) span: Duration,
}

/// What is measured: a load on a server, and the stores it uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// What the load is sent to.
    pub(crate) target: &'a Arc<Target>,
    /// The process that answers it.
    pub(crate) process: &'a Process,
    /// Where it keeps its rows, if those are processes of their own.
    pub(crate) stores: &'a Stores,
}

/// A measurement. Times are in microseconds; a round is a cycle, or an answer to who one is.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sample {
    /// Rounds in a second.
    pub(crate) rate: f64,
    /// Processor time of the server for each round.
    pub(crate) server_cpu: f64,
    /// Processor time of the stores for each round.
    pub(crate) store_cpu: f64,
    /// Of requests for a code.
    pub(crate) request: Quantiles,
    /// Of codes presented.
    pub(crate) verify: Quantiles,
    /// Of who one is.
    pub(crate) me: Quantiles,
    /// Answers that were no success, over all runs.
    pub(crate) failures: BTreeMap<String, u64>,
}

/// What answers took, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Quantiles {
    /// Half of them at most.
    pub(crate) p50: f64,
    /// All but one in a hundred at most.
    pub(crate) p99: f64,
}

impl Subject<'_> {
    /// Has `connections` do `work`; answers the median of each figure.
    pub(crate) async fn measure(&self, work: Work, connections: usize, length: Length) -> Result<Sample> {
        self.run(work, connections, length.span / WARM_UP).await?;
        let mut samples = Vec::with_capacity(length.runs);
        for _ in 0..length.runs {
            samples.push(self.run(work, connections, length.span).await?);
        }
        Ok(Sample::median(&samples))
    }

    async fn run(&self, work: Work, connections: usize, span: Duration) -> Result<Sample> {
        let (server, stores) = (self.process.cpu()?, self.stores.cpu()?);
        let target = self.target.clone();
        // On the core of the load, where the runtime's worker is; this task is where the runtime was started.
        let figures = tokio::spawn(async move { load::run(&target, work, connections, span).await }).await??;
        let (server, stores) = (self.process.cpu()?.saturating_sub(server), self.stores.cpu()?.saturating_sub(stores));
        Ok(Sample::of(figures, server, stores))
    }
}

impl Sample {
    fn of(figures: Figures, server: Duration, stores: Duration) -> Self {
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / figures.rounds.max(1) as f64;
        Self {
            rate: figures.rate(),
            server_cpu: each(server),
            store_cpu: each(stores),
            request: figures.request.quantiles(),
            verify: figures.verify.quantiles(),
            me: figures.me.quantiles(),
            failures: figures.failures,
        }
    }

    fn median(samples: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(samples.iter().map(figure).collect());
        let mut failures = BTreeMap::new();
        for (failure, count) in samples.iter().flat_map(|sample| &sample.failures) {
            *failures.entry(failure.clone()).or_default() += count;
        }
        Self {
            rate: of(|sample| sample.rate),
            server_cpu: of(|sample| sample.server_cpu),
            store_cpu: of(|sample| sample.store_cpu),
            request: Quantiles { p50: of(|sample| sample.request.p50), p99: of(|sample| sample.request.p99) },
            verify: Quantiles { p50: of(|sample| sample.verify.p50), p99: of(|sample| sample.verify.p99) },
            me: Quantiles { p50: of(|sample| sample.me.p50), p99: of(|sample| sample.me.p99) },
            failures,
        }
    }
}

/// The one in the middle; of an even number, the greater of the two.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_of_the_order_and_not_of_the_sum() {
        assert_eq!(median(vec![3.0, 100.0, 1.0]), 3.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
