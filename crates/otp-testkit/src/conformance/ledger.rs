//! Cases of [`Metering`](otp_core::port::Metering).

use std::time::Duration;

use otp_core::effect::{Counter, Effect, Who};
use otp_core::id::UserId;
use otp_core::limit::HOUR;
use otp_core::port::{Counted, Presented, Request, Stores};
use otp_core::session::SignIn;
use otp_core::time::Timestamp;

use super::race::race;
use super::world::{TICK, World};
use crate::answered::Answered;
use crate::samples::{NOW, test_world};

/// Every effect counts once, in the hour it names and for the realm it names; a user counts once.
pub async fn counts_are_exact(stores: Stores) {
    let w = World::new(stores);
    let realms = [w.realm, test_world(w.realm), w.samples.realm()];
    let users: Vec<UserId> = (0..5).map(|_| w.samples.id(UserId::generate)).collect();
    let hour = NOW.hour();
    let (before, last) = (hour.minus(TICK), hour.plus(HOUR).minus(TICK));
    let count = |realm, counter, at| Effect::Count { realm, counter, at };
    let seen = |realm, user: usize, at| Effect::Seen { realm, who: Who::User(users[user]), at };

    // 150 writes at once, a third of them for each realm; two counters in both orders.
    race((0..150).map(|n| {
        let realm = realms[n % 3];
        let (first, second) = (Counter::OtpRequests, Counter::EmailsSent);
        let mut effects = vec![
            count(realm, first, hour),
            count(realm, first, last),
            count(realm, second, NOW),
            count(realm, first, before),
            seen(realm, n % 5, NOW),
            seen(realm, n % 2, before),
        ];
        if n % 2 == 0 {
            effects.reverse();
        }
        w.open(Request { admitted: effects, ..w.samples.request(&w.samples.challenge(realm, NOW)) }, NOW)
    }))
    .await;

    let counts = async |realm, from: Timestamp, until: Timestamp| {
        let mut counts = w.stores.metering.counts(realm, from, until).await.answered();
        counts.sort_unstable();
        counts
    };
    let unique = async |realm, from, until| w.stores.metering.unique_users(realm, from, until).await.answered();
    let earlier = Counted { hour: before.hour(), counter: Counter::OtpRequests, count: 50 };
    let (requests, sent) = (
        Counted { hour, counter: Counter::OtpRequests, count: 100 },
        Counted { hour, counter: Counter::EmailsSent, count: 50 },
    );
    for realm in realms {
        assert_eq!(counts(realm, before.hour(), hour.plus(HOUR)).await, [earlier, requests, sent]);
        assert_eq!(counts(realm, before.hour(), hour).await, [earlier], "`until` is not within");
        assert_eq!(counts(realm, hour, hour.plus(HOUR)).await, [requests, sent]);
        assert_eq!(counts(realm, hour.plus(HOUR), hour.plus(24 * HOUR)).await, []);
        assert_eq!(unique(realm, before.hour(), hour.plus(HOUR)).await, 5, "seen in two hours, he is one");
        assert_eq!(unique(realm, hour, hour.plus(HOUR)).await, 5);
        assert_eq!(unique(realm, before.hour(), hour).await, 2);
        assert_eq!(unique(realm, hour.plus(HOUR), hour.plus(24 * HOUR)).await, 0);
    }
    assert_eq!(counts(w.samples.realm(), before.hour(), hour.plus(HOUR)).await, []);

    // Every counter there is, kept apart, also before the epoch.
    let ancient = Timestamp::from_millis(-1).minus(Duration::from_secs(7_200));
    let all = [
        Counter::OtpRequests,
        Counter::OtpVerifications,
        Counter::SuccessfulLogins,
        Counter::NewUsers,
        Counter::EmailsSent,
        Counter::EmailsFailed,
        Counter::EmailsDropped,
        Counter::EmailsMuted,
        Counter::ApiCalls,
        Counter::ApiErrors,
        Counter::ResponseMicros,
    ];
    let mut expected = Vec::new();
    let mut effects = Vec::new();
    for (times, counter) in (1u64..).zip(all) {
        expected.push(Counted { hour: ancient.hour(), counter, count: times });
        effects.extend((0..times).map(|_| count(w.realm, counter, ancient)));
    }
    w.admit(Request { admitted: effects, ..w.samples.request(&w.challenge()) }, NOW).await;
    assert_eq!(counts(w.realm, ancient.hour(), ancient.hour().plus(HOUR)).await, expected);
}

/// Users of a realm are counted as they come, bounded or not, and nobody twice.
pub async fn users_are_counted(stores: Stores) {
    let w = World::new(stores);
    let test = test_world(w.realm);
    let users = async |realm| w.stores.metering.users(realm).await.answered();
    assert_eq!([users(w.realm).await, users(test).await], [0, 0]);
    let mut challenges = Vec::new();
    for n in 0..30 {
        let challenge = w.samples.challenge(if n % 3 == 0 { test } else { w.realm }, NOW);
        w.put(&challenge).await;
        challenges.push(challenge);
    }
    race(challenges.iter().enumerate().map(|(n, challenge)| {
        let max_users = (n % 2 == 0).then_some(1_000);
        let sign_in = Some(SignIn { max_users, ..w.samples.sign_in(challenge) });
        w.attempt(Presented { sign_in, ..w.samples.right(challenge) }, NOW)
    }))
    .await;
    assert_eq!([users(w.realm).await, users(test).await], [20, 10]);
    for challenge in &challenges {
        let again = w.samples.sibling(challenge, NOW);
        w.put(&again).await;
        w.sign_in(&again).await;
    }
    assert_eq!([users(w.realm).await, users(test).await], [20, 10]);
    assert_eq!(users(w.samples.realm()).await, 0);
}
