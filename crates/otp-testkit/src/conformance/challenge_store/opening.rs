//! Opening under limits.

use otp_core::challenge::Challenge;
use otp_core::effect::Counter;
use otp_core::limit::{Draw, HOUR, Rule, Usage};
use otp_core::port::{Attempt, Idempotency, Opened, Presented, Request, Stores};

use crate::conformance::race::{count, race};
use crate::conformance::world::{TICK, World};
use crate::samples::{NOW, by_id};

/// Fifty at once under a limit of three: three are admitted.
pub async fn a_burst_admits_exactly_the_limit(stores: Stores) {
    let w = World::new(stores);
    for round in 1..=10 {
        let draw = w.samples.draw(w.realm, Rule::EmailHour, 3);
        let first = w.challenge();
        let asked: Vec<Challenge> = (0..50).map(|_| w.samples.sibling(&first, NOW)).collect();
        let admitted = vec![w.count(Counter::OtpRequests)];
        let request = |challenge| Request {
            draws: vec![draw.clone()],
            admitted: admitted.clone(),
            ..w.samples.request(challenge)
        };
        let answers = race(asked.iter().map(|challenge| w.open(request(challenge), NOW))).await;

        let mut remaining: Vec<u32> = Vec::new();
        for answer in &answers {
            match answer {
                Opened::Admitted(usage) => remaining.push(usage[0].remaining()),
                Opened::Refused { usage, by } => {
                    assert_eq!((usage.len(), *by, usage[0].remaining()), (1, 0, 0));
                    assert_eq!(usage[0].resets_at, NOW.plus(HOUR));
                }
                other @ (Opened::Gone | Opened::Replayed { .. } | Opened::Mismatch) => panic!("{other:?}"),
            }
        }
        remaining.sort_unstable();
        assert_eq!(remaining, [0, 1, 2], "what each admitted one had left");
        let mut open = 0;
        for challenge in &asked {
            open += w.live(&by_id(challenge), NOW).await.len();
        }
        assert_eq!(open, 3, "challenges opened");
        assert_eq!(w.counted(Counter::OtpRequests).await, 3 * round, "effects written");
    }
}

/// What a refused request would have spent is still there: units, the pause, the idempotency key.
pub async fn a_refusal_spends_nothing(stores: Stores) {
    let w = World::new(stores);
    let roomy = w.samples.draw(w.realm, Rule::EmailHour, 2);
    let tight = w.samples.draw(w.realm, Rule::EmailDay, 1);
    let request = |draws: &[&Draw], challenge: &Challenge| Request {
        draws: draws.iter().map(|draw| (*draw).clone()).collect(),
        ..w.samples.request(challenge)
    };
    let usage = w.admit(request(&[&roomy, &tight], &w.challenge()), NOW).await;
    assert_eq!(usage.iter().map(Usage::remaining).collect::<Vec<_>>(), [1, 0]);

    // Refused by either place in the list, with the key of a call that may come again.
    let key = w.samples.idempotency(NOW);
    for (draws, by) in [([&roomy, &tight], 1), ([&tight, &roomy], 0)] {
        let refused = w.challenge();
        let request = Request { idempotency: Some(key.clone()), ..request(&draws, &refused) };
        let answer = w.open(request, NOW.plus(TICK)).await;
        let Opened::Refused { usage, by: refusing } = answer else { panic!("{answer:?}") };
        assert_eq!((refusing, usage[by].rule, usage[by].remaining()), (by, Rule::EmailDay, 0));
        assert_eq!((usage.len(), usage[1 - by].rule, usage[1 - by].remaining()), (2, Rule::EmailHour, 1));
        assert_eq!(w.live(&by_id(&refused), NOW.plus(TICK)).await, [], "a refused challenge is open");
    }
    let other_body = Idempotency { fingerprint: w.samples.bytes(), ..key };
    let again = Request { idempotency: Some(other_body), ..request(&[&roomy], &w.challenge()) };
    let usage = w.admit(again, NOW.plus(TICK)).await;
    assert_eq!(usage[0].remaining(), 0, "a unit went with a refusal");

    // A resend that a limit refuses is none: the pause counts from the last mail.
    let challenge = w.opened().await;
    let due = NOW.plus(otp_core::challenge::RESEND_AFTER);
    let refused = Request { draws: vec![tight.clone()], ..w.samples.resend(&challenge) };
    assert!(matches!(w.open(refused, due).await, Opened::Refused { by: 0, .. }));
    w.admit(w.samples.resend(&challenge), due).await;
    // Nor does a limit pay for a resend that comes too soon.
    let once = w.samples.draw(w.realm, Rule::EmailHour, 1);
    let early = Request { draws: vec![once.clone()], ..w.samples.resend(&challenge) };
    assert!(matches!(w.open(early, due).await, Opened::Refused { by: 1, .. }));
    w.admit(request(&[&once], &w.challenge()), due).await;
}

/// Two limits drawn by many at once, half of them in one order and half in the other: no deadlock,
/// and the roomier limit has lost no unit to whom the tighter refused.
pub async fn draws_raced_in_both_orders(stores: Stores) {
    const ROOMY: u32 = 40;
    const TIGHT: u32 = 25;
    let w = World::new(stores);
    for _ in 0..10 {
        let pair = [w.samples.draw(w.realm, Rule::EmailHour, ROOMY), w.samples.draw(w.realm, Rule::EmailDay, TIGHT)];
        let counters = [w.count(Counter::OtpRequests), w.count(Counter::EmailsSent)];
        let in_order = |n: usize| {
            let (mut draws, mut effects) = (pair.to_vec(), counters.to_vec());
            if n.is_multiple_of(2) {
                draws.reverse();
                effects.reverse();
            }
            (draws, effects)
        };
        let answers = race((0..60).map(|n| {
            let (draws, admitted) = in_order(n);
            w.open(Request { draws, admitted, ..w.samples.request(&w.challenge()) }, NOW)
        }))
        .await;
        let admitted = count(&answers, |answer| matches!(answer, Opened::Admitted(_)));
        assert_eq!(admitted, TIGHT as usize);
        let probe = Request { draws: vec![pair[0].clone()], ..w.samples.request(&w.challenge()) };
        assert_eq!(w.admit(probe, NOW).await[0].remaining(), ROOMY - TIGHT - 1, "units went with refusals");

        // The limits on wrong codes are drawn in both orders as well.
        let wrong =
            [w.samples.draw(w.realm, Rule::ClientWrongHour, ROOMY), w.samples.draw(w.realm, Rule::ClientHour, TIGHT)];
        let mut racers = Vec::new();
        for n in 0..60 {
            let mut wrong_draws = wrong.to_vec();
            if n % 2 == 0 {
                wrong_draws.reverse();
            }
            let by = by_id(&w.opened().await);
            racers.push(w.attempt(Presented { wrong_draws, ..w.samples.wrong(by) }, NOW));
        }
        let answers = race(racers).await;
        assert_eq!(count(&answers, |answer| matches!(answer, Attempt::Wrong { .. })), TIGHT as usize);
        assert_eq!(count(&answers, |answer| matches!(answer, Attempt::RateLimited(_))), 60 - TIGHT as usize);
        let probe = Request { draws: vec![wrong[0].clone()], ..w.samples.request(&w.challenge()) };
        assert_eq!(w.admit(probe, NOW).await[0].remaining(), ROOMY - TIGHT - 1, "units went with refusals");
    }
}
