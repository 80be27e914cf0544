//! The meter of one process.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Bucket, Category, RECENT};
use crate::effect::Counter;
use crate::port::{Calls, Failure, Failures, Traffic};
use crate::realm::Realm;
use crate::time::Timestamp;

/// Sums held at most while nothing can be written down; what comes then is not counted. They are few as long as it can:
/// one for each tenant, route and tenth of a duration.
const HELD: usize = 200_000;

/// A call that was answered.
#[derive(Debug, Clone, Copy)]
pub struct CallMade<'c> {
    /// Whose.
    pub realm: Realm,
    /// When it was answered.
    pub at: Timestamp,
    /// The route, as it is written down.
    pub route: &'c str,
    /// How long it took.
    pub took: Duration,
    /// What was wrong with it, if anything was.
    pub wrong: Option<Wrong<'c>>,
    /// Names it.
    pub request_id: &'c str,
}

/// What was wrong.
#[derive(Debug, Clone, Copy)]
pub struct Wrong<'c> {
    /// What kind of trouble.
    pub category: Category,
    /// What exactly, by its code.
    pub code: &'c str,
}

/// Counts what happens in this process until it is [taken](Self::take) to be written down.
#[derive(Default)]
pub struct Meter(Mutex<State>);

#[derive(Default)]
struct State {
    calls: HashMap<(Realm, Timestamp, String, Bucket), (u64, u64)>,
    counts: HashMap<(Realm, Timestamp, Counter), u64>,
    failures: HashMap<(Realm, Timestamp, Category, String, String), u64>,
    recent: HashMap<(Realm, Category), VecDeque<Failure>>,
}

impl Meter {
    /// Counts a call, and what was wrong with it.
    pub fn call(&self, call: CallMade<'_>) {
        let CallMade { realm, at, route, took, wrong, request_id } = call;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut state = self.state();
        if state.is_full() {
            return;
        }
        let minute = at.minute();
        let (calls, total) = state.calls.entry((realm, minute, route.to_owned(), Bucket::of(took))).or_default();
        *calls += 1;
        *total += micros;
        let errors = u64::from(wrong.is_some());
        for (counter, count) in
            [(Counter::ApiCalls, 1), (Counter::ResponseMicros, micros), (Counter::ApiErrors, errors)]
        {
            if count > 0 {
                *state.counts.entry((realm, minute, counter)).or_default() += count;
            }
        }
        if let Some(Wrong { category, code }) = wrong {
            state.fail(realm, at, category, route, code, Some(request_id));
        }
    }

    /// Counts a failure beside calls, at `endpoint`.
    pub fn failure(&self, realm: Realm, at: Timestamp, wrong: Wrong<'_>, endpoint: &str) {
        let mut state = self.state();
        if !state.is_full() {
            state.fail(realm, at, wrong.category, endpoint, wrong.code, None);
        }
    }

    /// What was counted since it was taken last.
    pub fn take(&self) -> Traffic {
        let State { calls, counts, failures, recent } = std::mem::take(&mut *self.state());
        Traffic {
            calls: calls
                .into_iter()
                .map(|((realm, minute, route, bucket), (count, micros))| Calls {
                    realm,
                    minute,
                    route,
                    bucket,
                    count,
                    micros,
                })
                .collect(),
            counts: counts
                .into_iter()
                .map(|((realm, minute, counter), count)| (realm, minute, counter, count))
                .collect(),
            failures: failures
                .into_iter()
                .map(|((realm, day, category, endpoint, code), count)| {
                    (realm, day, Failures { category, endpoint, code, count })
                })
                .collect(),
            recent: recent
                .into_iter()
                .flat_map(|((realm, _), failures)| failures.into_iter().map(move |failure| (realm, failure)))
                .collect(),
        }
    }

    /// Adds what was taken and could not be written down.
    pub fn put_back(&self, traffic: Traffic) {
        let mut state = self.state();
        for Calls { realm, minute, route, bucket, count, micros } in traffic.calls {
            let (calls, total) = state.calls.entry((realm, minute, route, bucket)).or_default();
            *calls += count;
            *total += micros;
        }
        for (realm, minute, counter, count) in traffic.counts {
            *state.counts.entry((realm, minute, counter)).or_default() += count;
        }
        for (realm, day, Failures { category, endpoint, code, count }) in traffic.failures {
            *state.failures.entry((realm, day, category, endpoint, code)).or_default() += count;
        }
        for (realm, failure) in traffic.recent.into_iter().rev() {
            let recent = state.recent.entry((realm, failure.category)).or_default();
            if recent.len() < RECENT {
                recent.push_front(failure);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way, so poisoned sums are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.calls.len() + self.counts.len() + self.failures.len() >= HELD
    }

    fn fail(&mut self, realm: Realm, at: Timestamp, category: Category, endpoint: &str, code: &str, id: Option<&str>) {
        let key = (realm, at.day(), category, endpoint.to_owned(), code.to_owned());
        *self.failures.entry(key).or_default() += 1;
        let recent = self.recent.entry((realm, category)).or_default();
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(Failure {
            at,
            category,
            endpoint: endpoint.to_owned(),
            code: code.to_owned(),
            request_id: id.map(str::to_owned),
        });
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TenantId;

    const REALM: Realm = Realm::live(TenantId::from_u128(1));
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn call(meter: &Meter, number: u64) {
        let id = number.to_string();
        let wrong = (number % 2 == 1).then_some(Wrong { category: Category::Validation, code: "invalid_request" });
        let took = Duration::from_micros(100);
        meter.call(CallMade { realm: REALM, at: NOW, route: "/auth/me", took, wrong, request_id: &id });
    }

    fn sorted(mut traffic: Traffic) -> Traffic {
        traffic.counts.sort_unstable();
        traffic
    }

    #[test]
    fn what_is_put_back_is_as_if_it_had_never_been_taken() {
        let (meter, undisturbed) = (Meter::default(), Meter::default());
        for number in 0..501 {
            call(&meter, number);
            call(&undisturbed, number);
            if number % 100 == 0 {
                let taken = meter.take();
                call(&meter, 1_001);
                call(&undisturbed, 1_001);
                meter.put_back(taken);
            }
        }
        let traffic = sorted(meter.take());
        assert_eq!(traffic.recent.len(), RECENT);
        assert_eq!(traffic, sorted(undisturbed.take()));
        let counted: Vec<_> = traffic.counts.iter().map(|(_, _, counter, count)| (*counter, *count)).collect();
        let expected = [(Counter::ApiCalls, 507), (Counter::ApiErrors, 256), (Counter::ResponseMicros, 50_700)];
        assert_eq!(counted, expected);
        assert!(meter.take().is_empty());
    }

    #[test]
    fn a_meter_nobody_reads_does_not_grow_for_ever() {
        let meter = Meter::default();
        let minutes = (0..).map(|minute| NOW.plus(Duration::from_secs(60 * minute)));
        for at in minutes.take(HELD) {
            let took = Duration::from_micros(100);
            meter.call(CallMade { realm: REALM, at, route: "/", took, wrong: None, request_id: "" });
        }
        let Traffic { calls, counts, .. } = meter.take();
        assert!((HELD..HELD + 10).contains(&(calls.len() + counts.len())));
    }
}
