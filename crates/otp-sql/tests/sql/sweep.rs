//! What has ended is deleted; what has not, stays.

use std::time::Duration;

use otp_core::challenge::Challenge;
use otp_core::limit::{DAY, Draw, HOUR, Rule, Window};
use otp_core::port::{Attempt, ChallengeStore, LimitStore, Request, Rotated, SessionStore};
use otp_core::session::{Lifetimes, SignIn};
use otp_core::time::Timestamp;
use otp_testkit::samples::{NOW, Samples};

use crate::fixture::{Fixture, on_each_engine};

on_each_engine! {
    what_has_ended_goes_an_hour_later
    what_is_prolonged_goes_by_its_new_end
    more_than_a_round_goes_in_several
    what_lives_long_keeps_nothing_else
}

const TABLES: [&str; 4] = ["challenges", "answers", "limits", "sessions"];
const MILLI: Duration = Duration::from_millis(1);

async fn rows(fixture: &Fixture) -> [i64; 4] {
    let mut rows = [0; 4];
    for (rows, table) in rows.iter_mut().zip(TABLES) {
        *rows = fixture.rows(table).await;
    }
    rows
}

async fn what_has_ended_goes_an_hour_later(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(11));
    let realm = samples.realm();
    for _ in 0..3 {
        let challenge = samples.challenge(realm, NOW);
        let draw = Draw { window: Window::Sliding(DAY), ..samples.draw(realm, Rule::EmailDay, 1) };
        let idempotency = Some(samples.idempotency(NOW));
        let request = Request { draws: vec![draw], idempotency, ..samples.request(&challenge) };
        fixture.store.open(request, NOW).await.unwrap();
    }
    let challenge = samples.challenge(realm, NOW);
    fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    let lifetimes = Lifetimes { access: HOUR, idle: 2 * DAY, absolute: 9 * DAY };
    let sign_in = Some(SignIn { lifetimes, ..samples.sign_in(&challenge) });
    let presented = otp_core::port::Presented { sign_in, ..samples.right(&challenge) };
    assert!(matches!(fixture.store.attempt(presented, NOW).await.unwrap(), Attempt::Right(_)));
    assert_eq!(rows(&fixture).await, [3, 3, 3, 1]);

    let challenges_end = challenge.expires_at.plus(HOUR);
    for (now, swept, left) in [
        (challenges_end.minus(MILLI), 0, [3, 3, 3, 1]),
        (challenges_end, 3, [0, 3, 3, 1]),
        (NOW.plus(DAY + HOUR).minus(MILLI), 0, [0, 3, 3, 1]),
        (NOW.plus(DAY + HOUR), 6, [0, 0, 0, 1]),
        (NOW.plus(2 * DAY + HOUR).minus(MILLI), 0, [0, 0, 0, 1]),
        (NOW.plus(2 * DAY + HOUR), 1, [0, 0, 0, 0]),
    ] {
        assert_eq!((fixture.store.sweep(now).await.unwrap(), rows(&fixture).await), (swept, left));
    }
    assert_eq!(fixture.rows("users").await, 1);
}

async fn what_is_prolonged_goes_by_its_new_end(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(12));
    let realm = samples.realm();
    let challenge = samples.challenge(realm, NOW);
    fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    let Attempt::Right(signed_in) = fixture.store.attempt(samples.right(&challenge), NOW).await.unwrap() else {
        panic!("a right code was not")
    };
    let draw = samples.draw(realm, Rule::EmailHour, 9);
    fixture.store.acquire(vec![draw.clone()], NOW).await.unwrap();

    let later = NOW.plus(HOUR / 2);
    fixture.store.acquire(vec![draw], later).await.unwrap();
    let idle = Lifetimes::default().idle;
    let rotated = fixture.store.rotate(samples.rotation(realm, signed_in.session.id, 0), later).await.unwrap();
    assert!(matches!(rotated, Rotated::Rotated(_)));

    let first_ends: [Timestamp; 2] = [NOW.plus(HOUR + HOUR), NOW.plus(idle + HOUR)];
    assert_eq!(fixture.store.sweep(first_ends[0]).await.unwrap(), 0);
    assert_eq!(rows(&fixture).await, [0, 0, 1, 1]);
    assert_eq!(fixture.store.sweep(later.plus(HOUR + HOUR)).await.unwrap(), 1);
    assert_eq!(fixture.store.sweep(first_ends[1]).await.unwrap(), 0);
    assert_eq!(rows(&fixture).await, [0, 0, 0, 1]);
    assert_eq!(fixture.store.sweep(later.plus(idle + HOUR)).await.unwrap(), 1);
}

async fn more_than_a_round_goes_in_several(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(13));
    let realm = samples.realm();
    let draws = || (0..300).map(|_| samples.draw(realm, Rule::EmailHour, 1)).collect::<Vec<_>>();
    for _ in 0..4 {
        fixture.store.acquire(draws(), NOW).await.unwrap();
    }
    assert_eq!(fixture.store.sweep(NOW.plus(HOUR + HOUR)).await.unwrap(), 1200);
    assert_eq!(fixture.rows("limits").await, 0);
}

async fn what_lives_long_keeps_nothing_else(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(14));
    let realm = samples.realm();
    let ask = async |lives: Duration| {
        let challenge = Challenge { expires_at: NOW.plus(lives), ..samples.challenge(realm, NOW) };
        fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    };
    // More than a round of those that live for a day, before those that live for minutes.
    for _ in 0..510 {
        ask(DAY).await;
    }
    for _ in 0..3 {
        ask(HOUR / 6).await;
    }
    assert_eq!(fixture.store.sweep(NOW.plus(2 * HOUR)).await.unwrap(), 3);
    assert_eq!(fixture.rows("challenges").await, 510);
    assert_eq!(fixture.store.sweep(NOW.plus(DAY + HOUR)).await.unwrap(), 510);
}
