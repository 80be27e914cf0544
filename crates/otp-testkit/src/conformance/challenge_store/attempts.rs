//! What an attempt costs, and whom.

use std::time::Duration;

use futures::FutureExt;
use otp_core::challenge::{Challenge, Lookup, RESEND_AFTER};
use otp_core::limit::{HOUR, Rule, Usage, Window};
use otp_core::port::{Attempt, Opened, Presented, Stores};

use crate::conformance::race::{ROUNDS, count, race};
use crate::conformance::world::{TICK, World};
use crate::samples::{NOW, by_address, by_id, purpose};

const LOOKUPS: [fn(&Challenge) -> Lookup; 2] = [by_id, by_address];

/// What one of several racers did.
enum Did {
    ById(Attempt),
    ByAddress(Attempt),
    Resent(Opened),
}

/// Each lane has five attempts and not one more, whoever races for them.
pub async fn attempts_are_exact(stores: Stores) {
    let w = World::new(stores);
    for by in LOOKUPS {
        // One after the other: counted down, and a right code finds none left either.
        let challenge = w.opened().await;
        for left in [4, 3, 2, 1, 0] {
            assert_eq!(w.wrong(by(&challenge), NOW).await, Attempt::Wrong { left });
        }
        assert_eq!(w.wrong(by(&challenge), NOW).await, Attempt::Exhausted);
        assert_eq!(w.attempt(w.samples.matching(by(&challenge), &challenge), NOW).await, Attempt::Exhausted);

        // Five hundred at once.
        let challenge = w.opened().await;
        let answers = race((0..500).map(|_| w.attempt(w.samples.wrong(by(&challenge)), NOW))).await;
        all_five_were_wrong(&answers);

        // Right and wrong ones at once: a right one is an attempt like any other.
        for _ in 0..ROUNDS / 2 {
            let challenge = w.opened().await;
            let answers = race((0..40).map(|n| {
                let right = n % 4 == 3;
                let presented = if right {
                    w.samples.matching(by(&challenge), &challenge)
                } else {
                    w.samples.wrong(by(&challenge))
                };
                w.attempt(presented, NOW)
            }))
            .await;
            match count(&answers, |answer| matches!(answer, Attempt::Right(_))) {
                0 => all_five_were_wrong(&answers),
                won => {
                    let mut left = wrong_left(&answers);
                    left.push(u8::MAX);
                    assert_eq!(won, 1);
                    assert!(
                        left.len() <= 5 && left.windows(2).all(|pair| pair[0] < pair[1]),
                        "{left:?} and a right one"
                    );
                    assert_eq!(count(&answers, |answer| *answer == Attempt::Exhausted), 0, "exhausted and won");
                }
            }
        }
    }
    // Both lanes and resends at once.
    for _ in 0..ROUNDS / 10 {
        let challenge = w.opened().await;
        let now = NOW.plus(RESEND_AFTER);
        let did = race((0..120).map(|n| match n % 3 {
            0 => w.attempt(w.samples.wrong(by_id(&challenge)), now).map(Did::ById).boxed(),
            1 => w.attempt(w.samples.wrong(by_address(&challenge)), now).map(Did::ByAddress).boxed(),
            _ => w.open(w.samples.resend(&challenge), now).map(Did::Resent).boxed(),
        }))
        .await;
        let (mut by_id, mut by_address, mut resent) = (Vec::new(), Vec::new(), Vec::new());
        for did in did {
            match did {
                Did::ById(attempt) => by_id.push(attempt),
                Did::ByAddress(attempt) => by_address.push(attempt),
                Did::Resent(opened) => resent.push(opened),
            }
        }
        all_five_were_wrong(&by_id);
        all_five_were_wrong(&by_address);
        assert_eq!(count(&resent, |opened| matches!(opened, Opened::Admitted(_))), 1);
    }
}

/// Five answered wrong, each with one attempt less left; all others found none.
fn all_five_were_wrong(answers: &[Attempt]) {
    assert_eq!(wrong_left(answers), [0, 1, 2, 3, 4]);
    assert_eq!(count(answers, |answer| *answer == Attempt::Exhausted), answers.len() - 5);
}

/// What the wrong ones had left, in ascending order.
fn wrong_left(answers: &[Attempt]) -> Vec<u8> {
    let mut left: Vec<u8> = answers
        .iter()
        .filter_map(|answer| match answer {
            Attempt::Wrong { left } => Some(*left),
            Attempt::Right(_)
            | Attempt::UserLimit
            | Attempt::AccountExists
            | Attempt::Expired
            | Attempt::Exhausted
            | Attempt::RateLimited(_) => None,
        })
        .collect();
    left.sort_unstable();
    left
}

/// Who knows only the address cannot use up the attempts of who holds the id, nor the other way
/// round; by the address the newest live challenge pays.
pub async fn lanes_are_apart(stores: Stores) {
    let w = World::new(stores);
    for (spent, kept) in
        [(by_id as fn(&Challenge) -> Lookup, by_address as fn(&Challenge) -> Lookup), (by_address, by_id)]
    {
        let challenge = w.opened().await;
        for left in [4, 3, 2, 1, 0] {
            assert_eq!(w.wrong(spent(&challenge), NOW).await, Attempt::Wrong { left });
        }
        assert_eq!(w.wrong(spent(&challenge), NOW).await, Attempt::Exhausted);
        assert_eq!(w.wrong(kept(&challenge), NOW).await, Attempt::Wrong { left: 4 });
        w.enter(w.samples.matching(kept(&challenge), &challenge), NOW).await;
    }

    let older = w.opened().await;
    let newer = Challenge { expires_at: NOW.plus(Duration::from_secs(60)), ..w.samples.sibling(&older, NOW) };
    w.put(&newer).await;
    // A code of the older one, too, is paid for by the newest: here with its last attempt.
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(w.wrong(by_address(&older), NOW).await, Attempt::Wrong { left });
    }
    assert_eq!(w.attempt(w.samples.matching(by_address(&older), &older), NOW).await, Attempt::Exhausted);
    assert_eq!(w.wrong(by_id(&newer), NOW).await, Attempt::Wrong { left: 4 });
    assert_eq!(w.wrong(by_id(&older), NOW).await, Attempt::Wrong { left: 4 });
    // Once that is dead the older one is the newest, with its own attempts whole.
    let now = newer.expires_at;
    assert_eq!(w.wrong(by_address(&older), now).await, Attempt::Wrong { left: 4 });
    assert_eq!(w.wrong(by_id(&older), now).await, Attempt::Wrong { left: 3 });
}

/// A new challenge opens an address lane of its own, as long as it says, and leaves the others alone.
pub async fn a_new_challenge_has_its_own_attempts(stores: Stores) {
    let w = World::new(stores);
    let first = w.opened().await;
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(w.wrong(by_address(&first), NOW).await, Attempt::Wrong { left });
    }
    assert_eq!(w.wrong(by_id(&first), NOW).await, Attempt::Wrong { left: 4 });
    let second = Challenge { max_attempts: 2, ..w.samples.sibling(&first, NOW) };
    w.put(&second).await;
    for left in [1, 0] {
        assert_eq!(w.wrong(by_address(&first), NOW).await, Attempt::Wrong { left });
        assert_eq!(w.wrong(by_id(&second), NOW).await, Attempt::Wrong { left });
    }
    assert_eq!(w.wrong(by_address(&first), NOW).await, Attempt::Exhausted);
    assert_eq!(w.wrong(by_id(&second), NOW).await, Attempt::Exhausted);
    assert_eq!(w.wrong(by_id(&first), NOW).await, Attempt::Wrong { left: 3 });
    // A challenge for another purpose is no newer one of this.
    let payment = Challenge { purpose: purpose("payment"), ..w.samples.sibling(&first, NOW) };
    w.put(&payment).await;
    assert_eq!(w.wrong(by_address(&first), NOW).await, Attempt::Exhausted);
    assert_eq!(w.wrong(by_address(&payment), NOW).await, Attempt::Wrong { left: 4 });
}

/// Between the comparison and the write a challenge may die; its code is worth nothing then, and costs.
pub async fn a_dead_match_is_wrong(stores: Stores) {
    let w = World::new(stores);
    let expiring = Challenge { expires_at: NOW.plus(Duration::from_secs(60)), ..w.challenge() };
    w.put(&expiring).await;
    let newer = w.samples.sibling(&expiring, NOW);
    w.put(&newer).await;
    let now = expiring.expires_at;
    let draw = w.samples.draw(w.realm, Rule::ClientWrongHour, 9);
    for left in [4, 3, 2, 1, 0] {
        let dead = w.samples.matching(by_address(&newer), &expiring);
        let session = dead.sign_in.as_ref().map(|sign_in| sign_in.session);
        let dead = Presented { wrong_draws: vec![draw.clone()], ..dead };
        assert_eq!(w.attempt(dead, now).await, Attempt::Wrong { left });
        let opened =
            w.session(w.realm, session.unwrap_or_else(|| w.samples.id(otp_core::id::SessionId::generate)), now);
        assert_eq!(opened.await, None, "a dead code opened a session");
    }
    let dead = w.samples.matching(by_address(&newer), &expiring);
    assert_eq!(w.attempt(dead, now).await, Attempt::Exhausted);
    // Each of the five was drawn as a wrong code.
    let probe = Presented { wrong_draws: vec![otp_core::limit::Draw { limit: 5, ..draw }], ..w.samples.right(&newer) };
    assert!(matches!(w.attempt(probe, now).await, Attempt::RateLimited(_)));

    // The same for one closed by a success.
    let closed = w.opened().await;
    w.sign_in(&closed).await;
    assert_eq!(w.attempt(w.samples.right(&closed), NOW).await, Attempt::Expired);
    assert_eq!(w.attempt(w.samples.matching(by_address(&closed), &closed), NOW).await, Attempt::Expired);
    let newer = w.samples.sibling(&closed, NOW);
    w.put(&newer).await;
    let dead = w.samples.matching(by_address(&newer), &closed);
    assert_eq!(w.attempt(dead, NOW).await, Attempt::Wrong { left: 4 });
    assert_eq!(w.wrong(by_address(&newer), NOW).await, Attempt::Wrong { left: 3 });
    w.enter(w.samples.matching(by_address(&newer), &newer), NOW).await;
}

/// Limits on wrong codes are asked before every attempt, and pay for wrong ones only.
pub async fn wrong_codes_draw(stores: Stores) {
    let w = World::new(stores);
    let draw = w.samples.draw(w.realm, Rule::ClientWrongHour, 2);
    let limited = |presented: Presented| Presented { wrong_draws: vec![draw.clone()], ..presented };
    for _ in 0..5 {
        let challenge = w.opened().await;
        w.enter(limited(w.samples.right(&challenge)), NOW).await;
    }
    let challenge = w.opened().await;
    for by in LOOKUPS {
        assert_eq!(w.attempt(limited(w.samples.wrong(by(&challenge))), NOW).await, Attempt::Wrong { left: 4 });
    }
    let end = NOW.plus(HOUR);
    let window = Window::Sliding(HOUR);
    let used_up = Usage { rule: Rule::ClientWrongHour, limit: 2, window, drawn: 2, resets_at: end };
    for by in LOOKUPS {
        assert_eq!(w.attempt(limited(w.samples.wrong(by(&challenge))), NOW).await, Attempt::RateLimited(used_up));
        let right = limited(w.samples.matching(by(&challenge), &challenge));
        assert_eq!(w.attempt(right, NOW).await, Attempt::RateLimited(used_up), "a right code was told apart");
        // Refused by a limit, it cost no attempt; and what has no attempts left, or is dead, says so first.
        for left in [3, 2, 1, 0] {
            assert_eq!(w.wrong(by(&challenge), NOW).await, Attempt::Wrong { left });
        }
        assert_eq!(w.attempt(limited(w.samples.wrong(by(&challenge))), NOW).await, Attempt::Exhausted);
        assert_eq!(w.attempt(limited(w.samples.wrong(by(&w.challenge()))), NOW).await, Attempt::Expired);
    }
    // Of several used up, the one that frees up last is told.
    let longer =
        otp_core::limit::Draw { window: Window::Sliding(2 * HOUR), ..w.samples.draw(w.realm, Rule::EmailDay, 0) };
    let both = Presented { wrong_draws: vec![longer, draw.clone()], ..w.samples.wrong(by_id(&w.opened().await)) };
    let told = w.attempt(both, NOW).await;
    assert!(matches!(told, Attempt::RateLimited(usage) if usage.rule == Rule::EmailDay), "{told:?}");

    // Many clients' worth of challenges, one client's worth of wrong codes.
    for _ in 0..5 {
        let draw = w.samples.draw(w.realm, Rule::ClientWrongHour, 10);
        let mut racers = Vec::new();
        for _ in 0..50 {
            let wrong = w.samples.wrong(by_id(&w.opened().await));
            racers.push(w.attempt(Presented { wrong_draws: vec![draw.clone()], ..wrong }, NOW));
        }
        let answers = race(racers).await;
        assert_eq!(count(&answers, |answer| *answer == Attempt::Wrong { left: 4 }), 10);
        assert_eq!(count(&answers, |answer| matches!(answer, Attempt::RateLimited(_))), 40);
    }
    // A unit comes back when its hour is over, and not before.
    let challenge = Challenge { expires_at: end.plus(HOUR), ..w.challenge() };
    w.put(&challenge).await;
    let late = limited(w.samples.wrong(by_id(&challenge)));
    assert_eq!(w.attempt(late.clone(), end.minus(TICK)).await, Attempt::RateLimited(used_up));
    assert_eq!(w.attempt(late, end).await, Attempt::Wrong { left: 4 });
}
