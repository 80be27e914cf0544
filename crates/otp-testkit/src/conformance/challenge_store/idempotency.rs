//! Repeated calls.

use otp_core::challenge::{Challenge, RESEND_AFTER};
use otp_core::effect::Counter;
use otp_core::limit::{HOUR, Rule, Usage};
use otp_core::port::{Idempotency, Opened, Request, Stores};

use crate::conformance::race::{count, race};
use crate::conformance::world::{TICK, World};
use crate::samples::{NOW, by_id};

/// The same call again is told what the first was, and changes nothing.
pub async fn a_replay_draws_nothing(stores: Stores) {
    let w = World::new(stores);
    let draw = w.samples.draw(w.realm, Rule::EmailHour, 2);
    let key = w.samples.idempotency(NOW);
    let call = |challenge: &Challenge| Request {
        draws: vec![draw.clone()],
        idempotency: Some(Idempotency { answer: w.samples.bytes::<24>().to_vec(), ..key.clone() }),
        admitted: vec![w.count(Counter::OtpRequests)],
        ..w.samples.request(challenge)
    };
    let first = Request { idempotency: Some(key.clone()), ..call(&w.challenge()) };
    assert_eq!(w.admit(first, NOW).await[0].remaining(), 1);

    let replay = async |left: u32| {
        let repeated = w.challenge();
        let answer = w.open(call(&repeated), NOW.plus(TICK)).await;
        let Opened::Replayed { answer, remaining, usage } = answer else { panic!("not a replay: {answer:?}") };
        assert_eq!((answer, remaining), (key.answer.clone(), vec![1]), "what was remembered");
        assert_eq!(usage.iter().map(Usage::remaining).collect::<Vec<_>>(), [left], "how the draws stand");
        assert_eq!(w.live(&by_id(&repeated), NOW.plus(TICK)).await, [], "a replay opened a challenge");
    };
    replay(1).await;
    w.admit(Request { draws: vec![draw.clone()], ..w.samples.request(&w.challenge()) }, NOW).await;
    // The limit is used up by now; a replay asks nothing of it.
    replay(0).await;
    assert_eq!(w.counted(Counter::OtpRequests).await, 1);

    // A resend repeated is a replay as well, within its pause and after its challenge has died.
    let challenge = w.opened().await;
    let key = w.samples.idempotency(NOW);
    let again = || Request { idempotency: Some(key.clone()), ..w.samples.resend(&challenge) };
    let due = NOW.plus(RESEND_AFTER);
    assert_eq!(w.admit(again(), due).await, []);
    for at in [due, due.plus(RESEND_AFTER)] {
        assert!(matches!(w.open(again(), at).await, Opened::Replayed { .. }), "at {at}");
    }
    // Neither of those was a mail, so the pause is over.
    w.admit(w.samples.resend(&challenge), due.plus(RESEND_AFTER)).await;
    assert!(matches!(w.open(again(), challenge.expires_at).await, Opened::Replayed { .. }));
}

/// The same call many times at once: one opens, the rest are told its answer.
pub async fn parallel_replays_open_once(stores: Stores) {
    let w = World::new(stores);
    for round in 1..=20 {
        let draw = w.samples.draw(w.realm, Rule::EmailHour, 50);
        let key = w.samples.idempotency(NOW);
        let asked: Vec<Challenge> = (0..50).map(|_| w.challenge()).collect();
        // Each would be remembered by the id of its own challenge.
        let answer_of = |challenge: &Challenge| challenge.id.to_bytes().to_vec();
        let answers = race(asked.iter().map(|challenge| {
            let idempotency = Some(Idempotency { answer: answer_of(challenge), ..key.clone() });
            let admitted = vec![w.count(Counter::OtpRequests)];
            let draws = vec![draw.clone()];
            w.open(Request { draws, idempotency, admitted, ..w.samples.request(challenge) }, NOW)
        }))
        .await;

        let mut opened = Vec::new();
        for challenge in &asked {
            opened.extend(w.live(&by_id(challenge), NOW).await);
        }
        assert_eq!(opened.len(), 1, "challenges opened");
        assert_eq!(count(&answers, |answer| matches!(answer, Opened::Admitted(_))), 1);
        for answer in answers {
            if let Opened::Replayed { answer, remaining, usage } = answer {
                assert_eq!((answer, remaining), (answer_of(&opened[0]), vec![49]));
                assert_eq!(usage[0].remaining(), 49);
            } else {
                assert!(matches!(answer, Opened::Admitted(_)), "{answer:?}");
            }
        }
        assert_eq!(w.counted(Counter::OtpRequests).await, round, "effects written");
    }
}

/// One key, two bodies: the second is refused and leaves the first remembered.
pub async fn another_body_is_a_mismatch(stores: Stores) {
    let w = World::new(stores);
    let draw = w.samples.draw(w.realm, Rule::EmailHour, 2);
    let key = w.samples.idempotency(NOW);
    let call = |key: &Idempotency, challenge: &Challenge| Request {
        draws: vec![draw.clone()],
        idempotency: Some(key.clone()),
        ..w.samples.request(challenge)
    };
    w.admit(call(&key, &w.challenge()), NOW).await;
    let other = Idempotency { fingerprint: w.samples.bytes(), ..key.clone() };
    let refused = w.challenge();
    assert_eq!(w.open(call(&other, &refused), NOW).await, Opened::Mismatch);
    assert_eq!(w.live(&by_id(&refused), NOW).await, []);

    let answer = w.open(call(&key, &w.challenge()), NOW).await;
    let Opened::Replayed { answer, remaining, usage } = answer else { panic!("not a replay: {answer:?}") };
    assert_eq!((answer, remaining, usage[0].remaining()), (key.answer.clone(), vec![1], 1));
    // Another key is another call.
    w.admit(call(&w.samples.idempotency(NOW), &w.challenge()), NOW).await;
}

/// An answer is remembered until its end, and not at its end.
pub async fn idempotency_ends(stores: Stores) {
    let w = World::new(stores);
    let end = NOW.plus(HOUR);
    let first = Idempotency { expires_at: end, ..w.samples.idempotency(NOW) };
    let second = Idempotency {
        fingerprint: w.samples.bytes(),
        answer: b"the second".to_vec(),
        expires_at: end.plus(HOUR),
        ..first.clone()
    };
    let call = |key: &Idempotency, at| {
        let challenge = w.samples.challenge(w.realm, at);
        w.open(Request { idempotency: Some(key.clone()), ..w.samples.request(&challenge) }, at)
    };
    assert_eq!(call(&first, NOW).await, Opened::Admitted(Vec::new()));
    assert!(matches!(call(&first, end.minus(TICK)).await, Opened::Replayed { .. }));
    assert_eq!(call(&second, end.minus(TICK)).await, Opened::Mismatch);
    assert_eq!(call(&second, end).await, Opened::Admitted(Vec::new()));
    // From here on the second is the one remembered, with an end of its own.
    let answer = call(&second, end.plus(HOUR).minus(TICK)).await;
    assert!(matches!(&answer, Opened::Replayed { answer, .. } if answer == b"the second"), "{answer:?}");
    assert_eq!(call(&first, end.plus(HOUR).minus(TICK)).await, Opened::Mismatch);
    assert_eq!(call(&first, end.plus(HOUR)).await, Opened::Admitted(Vec::new()));
}
