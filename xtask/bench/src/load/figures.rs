//! What came of a load: how much, how fast, and what went wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::Value;

use crate::measure::Quantiles;

/// Times of answers, in microseconds, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

/// What takes longer is counted as this, in microseconds.
const LONGEST: u64 = 60_000_000;

impl Default for Times {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "only more than five digits or less than 2 µs are refused")]
        Self(Histogram::new_with_max(LONGEST, 3).expect("bounds that are allowed"))
    }
}

impl Times {
    /// Adds one.
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Their quantiles.
    pub(crate) fn quantiles(&self) -> Quantiles {
        let of = |quantile| self.0.value_at_quantile(quantile) as f64;
        Quantiles { p50: of(0.5), p99: of(0.99) }
    }
}

/// What came of a load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// Rounds that succeeded: cycles, or answers to who one is.
    pub(crate) rounds: u64,
    /// Answers to requests for a code.
    pub(crate) request: Times,
    /// Answers to codes.
    pub(crate) verify: Times,
    /// Answers to who one is.
    pub(crate) me: Times,
    /// Answers that were no success, by what they were.
    pub(crate) failures: BTreeMap<String, u64>,
    /// How long it took.
    pub(crate) span: Duration,
}

impl Figures {
    /// Notes an answer that was no success.
    pub(crate) fn fail(&mut self, status: u16, body: &[u8]) {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        *self.failures.entry(format!("{status} {code}")).or_default() += 1;
    }

    /// Adds those of another connection.
    pub(super) fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        for (sum, part) in
            [(&mut self.request, &other.request), (&mut self.verify, &other.verify), (&mut self.me, &other.me)]
        {
            sum.0 += &part.0;
        }
        for (failure, count) in &other.failures {
            *self.failures.entry(failure.clone()).or_default() += count;
        }
    }

    /// Says how long all of it took.
    pub(super) fn lasted(&mut self, span: Duration) {
        self.span = span;
    }

    /// Rounds in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.rounds as f64 / self.span.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_all_connections() {
        let (mut sum, mut other) = (Figures::default(), Figures::default());
        for millis in 1..=99 {
            sum.request.add(Duration::from_millis(millis));
        }
        other.request.add(Duration::from_secs(3600));
        sum.add(&other);
        let Quantiles { p50, p99 } = sum.request.quantiles();
        assert!((50_000.0..50_100.0).contains(&p50), "{p50}");
        assert!((99_000.0..99_100.0).contains(&p99), "{p99}");
        assert!(other.request.quantiles().p99 >= LONGEST as f64);
    }
}
