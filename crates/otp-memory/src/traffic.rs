//! Calls and failures, as processes have counted them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::limit::HOUR;
use otp_core::port::{Calls, Failure, Failures, Traffic, TrafficLog};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;
use otp_core::traffic::{Bucket, Category, RECENT};

use crate::MemoryStore;
use crate::state::State;

/// How long it is kept how long calls took.
const CALLS_KEPT: Duration = Duration::from_secs(2 * HOUR.as_secs());

/// What went wrong, where, and how exactly.
type Place = (Category, String, String);
/// How many calls of each route took about as long, and how long altogether.
type Durations = BTreeMap<(String, Bucket), (u64, u64)>;

/// Traffic.
#[derive(Default)]
pub(crate) struct Log {
    calls: BTreeMap<(Realm, Timestamp), Durations>,
    failures: BTreeMap<(Realm, Timestamp), BTreeMap<Place, u64>>,
    recent: BTreeMap<(Realm, Category), Vec<Failure>>,
}

impl Log {
    /// Drops what nobody asks for any more.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.calls.retain(|(_, minute), _| *minute >= now.minus(CALLS_KEPT));
    }

    fn add(&mut self, realm: Realm, failure: Failure) {
        let recent = self.recent.entry((realm, failure.category)).or_default();
        recent.push(failure);
        recent.sort_by_key(|failure| Reverse(failure.at));
        recent.truncate(RECENT);
    }
}

impl State {
    fn record(&mut self, traffic: Traffic) {
        for Calls { realm, minute, route, bucket, count, micros } in traffic.calls {
            let minute = self.traffic.calls.entry((realm, minute)).or_default();
            let (calls, total) = minute.entry((route, bucket)).or_default();
            *calls += count;
            *total += micros;
        }
        for (realm, minute, counter, count) in traffic.counts {
            self.usage.count(realm, counter, minute, count);
        }
        for (realm, day, Failures { category, endpoint, code, count }) in traffic.failures {
            let day = self.traffic.failures.entry((realm, day)).or_default();
            *day.entry((category, endpoint, code)).or_default() += count;
        }
        for (realm, failure) in traffic.recent {
            self.traffic.add(realm, failure);
        }
        if let Some(latest) = self.traffic.calls.keys().map(|(_, minute)| *minute).max() {
            self.traffic.forget(latest);
        }
    }
}

#[async_trait]
impl TrafficLog for MemoryStore {
    async fn record(&self, traffic: Traffic) -> Res<()> {
        self.read("memory.record")?.record(traffic);
        Ok(())
    }

    async fn calls_since(&self, realm: Realm, from: Timestamp) -> Res<Vec<Calls>> {
        let state = self.read("memory.calls_since")?;
        let mut sums: BTreeMap<&(String, Bucket), (u64, u64)> = BTreeMap::new();
        let minutes = state.traffic.calls.range((realm, from.minute())..=(realm, Timestamp::from_millis(i64::MAX)));
        for (key, (count, micros)) in minutes.flat_map(|(_, minute)| minute) {
            let (counts, total) = sums.entry(key).or_default();
            *counts += count;
            *total += micros;
        }
        let minute = from.minute();
        let calls = sums.into_iter().map(|((route, bucket), (count, micros))| Calls {
            realm,
            minute,
            route: route.clone(),
            bucket: *bucket,
            count,
            micros,
        });
        Ok(calls.collect())
    }

    async fn failures(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Failures>> {
        let state = self.read("memory.failures")?;
        let mut sums: BTreeMap<&Place, u64> = BTreeMap::new();
        let days = state.traffic.failures.range((realm, from)..(realm, until.max(from)));
        for (place, count) in days.flat_map(|(_, day)| day) {
            *sums.entry(place).or_default() += count;
        }
        let failures = sums.into_iter().map(|((category, endpoint, code), count)| Failures {
            category: *category,
            endpoint: endpoint.clone(),
            code: code.clone(),
            count,
        });
        Ok(failures.collect())
    }

    async fn recent(
        &self,
        realm: Realm,
        category: Option<Category>,
        from: Timestamp,
        until: Timestamp,
        max: usize,
    ) -> Res<Vec<Failure>> {
        let state = self.read("memory.recent_failures")?;
        let categories = Category::ALL.into_iter().filter(|each| category.is_none_or(|category| category == *each));
        let kept = categories.filter_map(|category| state.traffic.recent.get(&(realm, category))).flatten();
        let mut recent: Vec<_> = kept.filter(|failure| failure.at >= from && failure.at < until).cloned().collect();
        recent.sort_by_key(|failure| Reverse(failure.at));
        recent.truncate(max);
        Ok(recent)
    }
}
