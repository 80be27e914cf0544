//! A server that forgets, goes, freezes, or is not fit to be trusted with limits.

use otp_core::fault::FaultKind;
use otp_core::limit::{Admission, Rule};
use otp_core::port::LimitStore;
use otp_redis::{Persistence as Told, RedisLimits};
use otp_testbed::stores::{Persistence, Redis};
use otp_testkit::samples::{NOW, Samples};

fn left(admission: Admission) -> Option<u32> {
    match admission {
        Admission::Admitted(usage) => Some(usage[0].remaining()),
        Admission::Refused { .. } => None,
    }
}

#[tokio::test]
async fn a_script_that_was_forgotten_is_handed_over_again() {
    let (redis, samples) = (Redis::start(Persistence::None), Samples::random());
    let limits = RedisLimits::connect(&redis.url(), None).await.unwrap();
    let draw = samples.draw(samples.realm(), Rule::EmailHour, 9);
    for remaining in [8, 7, 6] {
        assert_eq!(left(limits.acquire(vec![draw.clone()], NOW).await.unwrap()), Some(remaining));
        redis.cli(&["SCRIPT", "FLUSH"]);
    }
}

#[tokio::test]
async fn what_was_drawn_outlives_the_server_and_calls_find_it_back() {
    let (redis, samples) = (Redis::start(Persistence::Always), Samples::random());
    let limits = RedisLimits::connect(&redis.url(), None).await.unwrap();
    assert_eq!(limits.persistence(), Told::Always);
    let draw = samples.draw(samples.realm(), Rule::EmailHour, 9);
    assert_eq!(left(limits.acquire(vec![draw.clone()], NOW).await.unwrap()), Some(8));

    redis.kill();
    for _ in 0..3 {
        let fault = limits.acquire(vec![draw.clone()], NOW).await.unwrap_err();
        assert_eq!((fault.kind(), fault.op()), (FaultKind::Unavailable, "redis.acquire"));
        assert_eq!(limits.usage(std::slice::from_ref(&draw), NOW).await.unwrap_err().kind(), FaultKind::Unavailable);
    }
    redis.restart();
    // Nobody has called meanwhile: the first call finds out, and is not the one to pay for it.
    assert_eq!(left(limits.acquire(vec![draw.clone()], NOW).await.unwrap()), Some(7));
    redis.stop();
    redis.restart();
    assert_eq!(left(limits.acquire(vec![draw], NOW).await.unwrap()), Some(6));
}

#[tokio::test]
async fn a_server_that_freezes_is_given_up_and_found_again() {
    let (redis, samples) = (Redis::start(Persistence::None), Samples::random());
    let limits = RedisLimits::connect(&redis.url(), None).await.unwrap();
    let draw = samples.draw(samples.realm(), Rule::EmailHour, 9);
    redis.pause();
    assert_eq!(limits.acquire(vec![draw.clone()], NOW).await.unwrap_err().kind(), FaultKind::Unavailable);
    redis.resume();
    assert!(limits.acquire(vec![draw], NOW).await.is_ok());
}

#[tokio::test]
async fn a_server_that_may_evict_is_refused_and_one_that_forgets_says_so() {
    let redis = Redis::start(Persistence::None);
    assert_eq!(RedisLimits::connect(&redis.url(), None).await.unwrap().persistence(), Told::None);
    redis.cli(&["CONFIG", "SET", "appendonly", "yes"]);
    assert_eq!(RedisLimits::connect(&redis.url(), None).await.unwrap().persistence(), Told::EverySecond);
    redis.cli(&["CONFIG", "SET", "appendonly", "no"]);
    redis.cli(&["CONFIG", "SET", "save", "60 1"]);
    assert_eq!(RedisLimits::connect(&redis.url(), None).await.unwrap().persistence(), Told::Snapshots);
    redis.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let fault = RedisLimits::connect(&redis.url(), None).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Misconfigured);
    assert!(std::error::Error::source(&fault).unwrap().to_string().contains("noeviction"));
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_stays_secret() {
    let redis = Redis::start(Persistence::None);
    redis.cli(&["CONFIG", "SET", "requirepass", "right"]);
    let url = redis.url().replace("redis://", "redis://:hidden@");
    let fault = RedisLimits::connect(&url, None).await.unwrap_err();
    let said = format!("{fault:?} {fault} {:?}", std::error::Error::source(&fault).map(ToString::to_string));
    assert_eq!(fault.kind(), FaultKind::Denied, "{said}");
    assert!(!said.contains("hidden"), "{said}");
    let fault = RedisLimits::connect("http://:hidden@localhost", None).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Misconfigured);
    assert!(!format!("{fault:?}").contains("hidden"));
}
