//! What came of a load: how much, how fast, and what went wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Times of answers, in microseconds, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        let histogram = Histogram::new(3);
        // Only more than five digits are refused.
        #[expect(clippy::expect_used, reason = "three digits are allowed")]
        Self(histogram.expect("three digits"))
    }
}

impl Times {
    /// Adds one.
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// What half of the answers took at most.
    pub(crate) fn p50(&self) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(0.5))
    }

    /// What all but one in a hundred took at most.
    pub(crate) fn p99(&self) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(0.99))
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
        *self.failures.entry(format!("{status} {}", String::from_utf8_lossy(body))).or_default() += 1;
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
