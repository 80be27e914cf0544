//! What happens now.

use std::collections::BTreeMap;

use serde::Serialize;

use super::metrics::{Metrics, milliseconds};
use super::reports::Reports;
use crate::fault::Res;
use crate::limit::{DAY, HOUR};
use crate::port::Calls;
use crate::realm::Realm;
use crate::time::Timestamp;
use crate::traffic::Bucket;

/// What happened within the last minutes and hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Realtime {
    /// Since the hour began.
    pub current_hour: Recently,
    /// Within 24 hours, up to the minute.
    pub last_24_hours: Recently,
    /// How long calls took within the last hour, by route.
    pub latencies: BTreeMap<String, Latency>,
    /// Errors of a hundred calls within the last hour, with two decimals.
    pub error_rate: f64,
    /// As of when.
    pub now: Timestamp,
}

/// What happened since some time ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recently {
    /// What was counted.
    pub metrics: Metrics,
    /// Users seen.
    pub active_users: u64,
}

/// How long calls of a route took, in milliseconds. Percentiles are exact to a tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Calls.
    pub count: u64,
    /// The average.
    pub avg: f64,
    /// Half of them took no longer.
    pub p50: f64,
    /// 95 of a hundred.
    pub p95: f64,
    /// 99 of a hundred.
    pub p99: f64,
}

impl Reports {
    /// What happens now. A call is in it within a second or two.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn realtime(&self, realm: Realm) -> Res<Realtime> {
        let now = self.deployment.now();
        let an_hour_ago = now.minus(HOUR);
        let calls = self.deployment.stores.traffic.calls_since(realm, an_hour_ago).await?;
        Ok(Realtime {
            current_hour: self.recently(realm, now.hour()).await?,
            last_24_hours: self.recently(realm, now.minus(DAY)).await?,
            latencies: latencies(calls),
            error_rate: self.counted_since(realm, an_hour_ago).await?.error_rate(),
            now,
        })
    }

    async fn recently(&self, realm: Realm, from: Timestamp) -> Res<Recently> {
        let metrics = self.counted_since(realm, from).await?;
        Ok(Recently { metrics, active_users: self.deployment.stores.analytics.active_since(realm, from).await? })
    }

    async fn counted_since(&self, realm: Realm, from: Timestamp) -> Res<Metrics> {
        let mut metrics = Metrics::default();
        for (counter, count) in self.deployment.stores.analytics.since(realm, from).await? {
            metrics.add(counter, count);
        }
        Ok(metrics)
    }
}

fn latencies(calls: Vec<Calls>) -> BTreeMap<String, Latency> {
    let mut routes: BTreeMap<String, (BTreeMap<Bucket, u64>, u64)> = BTreeMap::new();
    for Calls { route, bucket, count, micros, .. } in calls {
        let (buckets, total) = routes.entry(route).or_default();
        *buckets.entry(bucket).or_default() += count;
        *total += micros;
    }
    routes.into_iter().map(|(route, (buckets, micros))| (route, Latency::of(&buckets, micros))).collect()
}

impl Latency {
    fn of(buckets: &BTreeMap<Bucket, u64>, micros: u64) -> Self {
        let count = buckets.values().sum();
        let percentile = |percent: u64| {
            // The rank of the call that `percent` of a hundred do not exceed, rounded up.
            let rank = u128::from(count) * u128::from(percent);
            let mut below = 0u128;
            let reaches = |(bucket, count): (&Bucket, &u64)| {
                below += u128::from(*count) * 100;
                (below >= rank).then(|| bucket.micros())
            };
            milliseconds(buckets.iter().find_map(reaches).unwrap_or(0), 1)
        };
        Self { count, avg: milliseconds(micros, count), p50: percentile(50), p95: percentile(95), p99: percentile(99) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn percentiles_are_those_of_the_calls() {
        let mut buckets = BTreeMap::new();
        let mut micros = 0;
        for millis in 1..=100u64 {
            *buckets.entry(Bucket::of(Duration::from_millis(millis))).or_default() += 1;
            micros += millis * 1_000;
        }
        let latency = Latency::of(&buckets, micros);
        assert_eq!((latency.count, latency.avg), (100, 50.5));
        for (found, expected) in [(latency.p50, 50.0), (latency.p95, 95.0), (latency.p99, 99.0)] {
            assert!((found / expected - 1.0f64).abs() < 0.1, "{found} for {expected}");
        }
        let one = Latency::of(&BTreeMap::from([(Bucket::of(Duration::from_millis(8)), 1)]), 8_000);
        assert_eq!([one.p50, one.p95], [one.p99; 2]);
    }
}
