//! Cases of [`TrafficLog`](otp_core::port::TrafficLog).

use std::time::Duration;

use otp_core::effect::Counter;
use otp_core::limit::{DAY, HOUR};
use otp_core::port::{Calls, Failure, Failures, Stores, Traffic};
use otp_core::realm::Realm;
use otp_core::traffic::{Bucket, Category, RECENT};

use super::race::race;
use super::world::World;
use crate::answered::Answered;
use crate::samples::{NOW, test_world};

fn calls(realm: Realm, minutes_ago: u32, route: &str, millis: u64, count: u64) -> Calls {
    let bucket = Bucket::of(Duration::from_millis(millis));
    let minute = NOW.minute().minus(minutes_ago * Duration::from_secs(60));
    Calls { realm, minute, route: route.to_owned(), bucket, count, micros: count * millis * 1_000 }
}

fn failures(category: Category, endpoint: &str, code: &str, count: u64) -> Failures {
    Failures { category, endpoint: endpoint.to_owned(), code: code.to_owned(), count }
}

/// What several processes have counted is added up, by route, bucket, day and kind, and in the usage of its realm.
pub async fn traffic_adds_up(stores: Stores) {
    let w = World::new(stores);
    let test = test_world(w.realm);
    let traffic = Traffic {
        calls: vec![
            calls(w.realm, 0, "/auth/me", 1, 3),
            calls(w.realm, 1, "/auth/me", 1, 2),
            calls(w.realm, 0, "/auth/me", 900, 1),
            calls(w.realm, 0, "/auth/refresh", 1, 1),
            calls(w.realm, 61, "/auth/refresh", 1, 50),
            calls(test, 0, "/auth/me", 1, 7),
        ],
        counts: vec![
            (w.realm, NOW.minute(), Counter::ApiCalls, 7),
            (w.realm, NOW.minute(), Counter::ResponseMicros, 906_000),
            (test, NOW.minute(), Counter::ApiCalls, 7),
        ],
        failures: vec![
            (w.realm, NOW.day(), failures(Category::Quota, "/auth/request-otp", "quota_exceeded", 2)),
            (w.realm, NOW.day(), failures(Category::Validation, "/auth/request-otp", "invalid_request", 1)),
            (w.realm, NOW.day().minus(DAY), failures(Category::Quota, "/auth/request-otp", "quota_exceeded", 1)),
            (w.realm, NOW.day().minus(2 * DAY), failures(Category::Internal, "/auth/me", "internal", 1)),
            (test, NOW.day(), failures(Category::Internal, "/auth/me", "internal", 1)),
        ],
        recent: Vec::new(),
    };
    race((0..10).map(|n| {
        let (log, mut traffic) = (w.stores.traffic.clone(), traffic.clone());
        if n % 2 == 0 {
            traffic.calls.reverse();
            traffic.failures.reverse();
        }
        async move { log.record(traffic).await.answered() }
    }))
    .await;

    let sorted = |mut calls: Vec<Calls>| {
        calls.sort_by(|a, b| (&a.route, a.bucket).cmp(&(&b.route, b.bucket)));
        let sums = calls.into_iter().map(|calls| (calls.route, calls.bucket, calls.count, calls.micros));
        sums.collect::<Vec<_>>()
    };
    let since = NOW.minus(HOUR);
    let expected = sorted(vec![
        calls(w.realm, 0, "/auth/me", 1, 50),
        calls(w.realm, 0, "/auth/me", 900, 10),
        calls(w.realm, 0, "/auth/refresh", 1, 10),
    ]);
    assert_eq!(sorted(w.stores.traffic.calls_since(w.realm, since).await.answered()), expected);
    let expected = sorted(vec![calls(test, 0, "/auth/me", 1, 70)]);
    assert_eq!(sorted(w.stores.traffic.calls_since(test, since).await.answered()), expected);

    let failed = async |from, until| w.stores.traffic.failures(w.realm, from, until).await.answered();
    let validation = failures(Category::Validation, "/auth/request-otp", "invalid_request", 10);
    let quota = |count| failures(Category::Quota, "/auth/request-otp", "quota_exceeded", count);
    assert_eq!(failed(NOW.day(), NOW.next_day()).await, [validation.clone(), quota(20)]);
    assert_eq!(failed(NOW.day().minus(DAY), NOW.next_day()).await, [validation, quota(30)]);
    assert_eq!(failed(NOW.day().minus(DAY), NOW.day()).await, [quota(10)]);
    assert_eq!(w.counted(Counter::ApiCalls).await, 70);
    assert_eq!(w.counted(Counter::ResponseMicros).await, 9_060_000);
    assert_eq!(w.counted_in(test, Counter::ApiCalls).await, 70);
}

/// Of each category the last hundred failures are kept whole, and asked for by time and category.
pub async fn the_last_failures_are_kept(stores: Stores) {
    let w = World::new(stores);
    let failure = |n: u32, category| Failure {
        at: NOW.plus(n * Duration::from_millis(10)),
        category,
        endpoint: format!("/route/{n}"),
        code: "internal".to_owned(),
        request_id: n.is_multiple_of(2).then(|| format!("request-{n}")),
    };
    let record = async |failures: Vec<Failure>| {
        let recent = failures.into_iter().map(|failure| (w.realm, failure)).collect();
        w.stores.traffic.record(Traffic { recent, ..Traffic::default() }).await.answered();
    };
    record((0..30).map(|n| failure(n, Category::Internal)).collect()).await;
    record((30..150).map(|n| failure(n, Category::Internal)).collect()).await;
    record(vec![failure(7, Category::Quota), failure(200, Category::Quota)]).await;

    let recent = async |category, from, until, max| {
        w.stores.traffic.recent(w.realm, category, from, until, max).await.answered()
    };
    let (before, after) = (NOW.minus(DAY), NOW.plus(DAY));
    let internal: Vec<_> = (50..150).rev().map(|n| failure(n, Category::Internal)).collect();
    assert_eq!(recent(Some(Category::Internal), before, after, 1_000).await, internal);
    assert_eq!(internal.len(), RECENT);
    assert_eq!(recent(Some(Category::Internal), before, after, 3).await, internal[..3]);
    assert_eq!(recent(Some(Category::Validation), before, after, 9).await, []);
    let first = recent(None, before, after, 2).await;
    assert_eq!(first, [failure(200, Category::Quota), failure(149, Category::Internal)]);
    let early = recent(None, NOW, NOW.plus(Duration::from_millis(510)), 1_000).await;
    assert_eq!(early, [failure(50, Category::Internal), failure(7, Category::Quota)]);
    assert_eq!(w.stores.traffic.recent(test_world(w.realm), None, before, after, 9).await.answered(), []);
}
