//! Mailing a code again.

use std::time::Duration;

use otp_core::challenge::{Challenge, RESEND_AFTER};
use otp_core::effect::Counter;
use otp_core::limit::{Rule, Usage, Window};
use otp_core::port::{Attempt, Opened, Opening, Request, Stores};

use crate::conformance::race::{ROUNDS, count, race};
use crate::conformance::world::{TICK, World};
use crate::samples::{NOW, by_address, by_id, test_world};

/// A resend changes nothing of the challenge, and only a live one can be sent again.
pub async fn a_resend_refills_nothing(stores: Stores) {
    let w = World::new(stores);
    let challenge = w.opened().await;
    assert_eq!(w.wrong(by_id(&challenge), NOW).await, Attempt::Wrong { left: 4 });
    assert_eq!(w.wrong(by_id(&challenge), NOW).await, Attempt::Wrong { left: 3 });
    assert_eq!(w.wrong(by_address(&challenge), NOW).await, Attempt::Wrong { left: 4 });

    let mut now = NOW;
    for _ in 0..3 {
        now = now.plus(RESEND_AFTER);
        w.admit(w.samples.resend(&challenge), now).await;
        assert_eq!(w.live(&by_id(&challenge), now).await, std::slice::from_ref(&challenge));
    }
    for left in [2, 1, 0] {
        assert_eq!(w.wrong(by_id(&challenge), now).await, Attempt::Wrong { left });
    }
    for left in [3, 2, 1, 0] {
        assert_eq!(w.wrong(by_address(&challenge), now).await, Attempt::Wrong { left });
    }
    now = now.plus(RESEND_AFTER);
    w.admit(w.samples.resend(&challenge), now).await;
    assert_eq!(w.wrong(by_id(&challenge), now).await, Attempt::Exhausted);
    assert_eq!(w.wrong(by_address(&challenge), now).await, Attempt::Exhausted);

    // Its end has not moved either.
    assert_eq!(w.live_ids(&by_id(&challenge), challenge.expires_at.minus(TICK)).await, [challenge.id]);
    assert_eq!(w.live_ids(&by_id(&challenge), challenge.expires_at).await, []);

    only_the_living(&w, &challenge).await;
}

/// What is expired, closed, unknown or of another realm is gone, and a resend of it draws nothing.
async fn only_the_living(w: &World, expired: &Challenge) {
    let closed = w.opened().await;
    w.sign_in(&closed).await;
    let elsewhere = Challenge { realm: test_world(w.realm), ..w.opened().await };
    let draw = w.samples.draw(w.realm, Rule::EmailHour, 1);
    for (dead, at) in [
        (expired, expired.expires_at),
        (&closed, closed.created_at.plus(RESEND_AFTER)),
        (&w.challenge(), NOW.plus(RESEND_AFTER)),
        (&elsewhere, NOW.plus(RESEND_AFTER)),
    ] {
        let idempotency = Some(w.samples.idempotency(NOW));
        let admitted = vec![w.count(Counter::OtpRequests)];
        let again = Request { draws: vec![draw.clone()], idempotency, admitted, ..w.samples.resend(dead) };
        assert_eq!(w.open(again.clone(), at).await, Opened::Gone);
        assert_eq!(w.open(again, at).await, Opened::Gone, "a call that failed was remembered");
    }
    assert_eq!(w.counted(Counter::OtpRequests).await, 0);
    w.admit(Request { draws: vec![draw], ..w.samples.request(&w.challenge()) }, NOW).await;
}

/// The pause counts from the last mail, ends exactly, and admits one of many.
pub async fn a_resend_waits_its_pause(stores: Stores) {
    let w = World::new(stores);
    let challenge = w.opened().await;
    let used_up = w.samples.draw(w.realm, Rule::EmailHour, 0);
    let roomy = w.samples.draw(w.realm, Rule::EmailDay, 9);

    let mut sent_at = NOW;
    for _ in 0..2 {
        let due = sent_at.plus(RESEND_AFTER);
        for at in [sent_at, due.minus(TICK)] {
            // The pause is looked at before the draws, and told behind them.
            let draws = vec![roomy.clone(), used_up.clone()];
            let answer = w.open(Request { draws, ..w.samples.resend(&challenge) }, at).await;
            let Opened::Refused { usage, by } = answer else { panic!("{answer:?}") };
            assert_eq!((usage.len(), by), (3, 2));
            let window = Window::Sliding(RESEND_AFTER);
            let paused = Usage { rule: Rule::Resend, limit: 1, window, drawn: 1, resets_at: due };
            assert_eq!(usage[2], paused);
            assert_eq!((usage[0].rule, usage[0].remaining()), (Rule::EmailDay, 9));
            assert_eq!((usage[1].rule, usage[1].remaining()), (Rule::EmailHour, 0));
        }
        let draws = vec![w.samples.draw(w.realm, Rule::EmailHour, 1)];
        let usage = w.admit(Request { draws, ..w.samples.resend(&challenge) }, due).await;
        assert_eq!(usage.len(), 1, "one usage per draw, and the pause is none");
        sent_at = due;
    }

    // The pause belongs to the challenge: another of the same address does not wait for it.
    let sibling = w.samples.sibling(&challenge, NOW);
    w.put(&sibling).await;
    w.admit(w.samples.resend(&sibling), sent_at).await;
    // A shorter pause is what the request says it is.
    let mut short = w.samples.resend(&sibling);
    if let Opening::Resend { pause, .. } = &mut short.opening {
        *pause = Duration::from_secs(1);
    }
    w.admit(short, sent_at.plus(Duration::from_secs(1))).await;

    for _ in 0..ROUNDS / 10 {
        let challenge = w.opened().await;
        let due = NOW.plus(RESEND_AFTER);
        let answers = race((0..20).map(|_| w.open(w.samples.resend(&challenge), due))).await;
        assert_eq!(count(&answers, |answer| matches!(answer, Opened::Admitted(_))), 1);
        assert_eq!(count(&answers, |answer| matches!(answer, Opened::Refused { by: 0, .. })), 19);
    }
}
