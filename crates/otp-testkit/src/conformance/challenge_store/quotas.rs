//! What a tenant's requests have in common: a quota, and what is told of it.

use otp_core::effect::{Counter, Effect, Once};
use otp_core::limit::{Draw, LimitKey, Mark, Rule, Window};
use otp_core::port::{Opened, Request, Stores};

use crate::conformance::race::{count, race};
use crate::conformance::world::World;
use crate::samples::NOW;

/// Requests for a hundred addresses at once, where a day's quota of fifty has five left: five are admitted. That
/// it nears its end and that it was reached is told once; the day after, all of it again.
pub async fn a_quota_is_exact_and_told_once(stores: Stores) {
    let w = World::new(stores);
    let quota = w.samples.draw(w.realm, Rule::QuotaDay, 50);
    let once = |rule, counter| {
        let key = LimitKey { rule, ..quota.key };
        vec![Effect::Once(Once { key, window: Window::UtcDay, effects: vec![w.count(counter)] })]
    };
    let (warned, exceeded) = (Counter::EmailsMuted, Counter::EmailsDropped);
    let quota = Draw {
        window: Window::UtcDay,
        refused: once(Rule::QuotaDayExceeded, exceeded),
        mark: Some(Mark { units: 40, effects: once(Rule::QuotaDayWarned, warned) }),
        ..quota.clone()
    };
    let ask = |now| {
        let draws = vec![w.samples.draw(w.realm, Rule::EmailHour, 1), quota.clone()];
        w.open(Request { draws, ..w.samples.request(&w.samples.challenge(w.realm, now)) }, now)
    };
    let told = async || (w.counted(warned).await, w.counted(exceeded).await);
    for (day, now) in [(0, NOW), (1, NOW.next_day())] {
        for _ in 0..39 {
            assert!(matches!(ask(now).await, Opened::Admitted(_)));
        }
        assert_eq!(told().await, (day, day), "before anything is to be told");
        race((0..6).map(|_| ask(now))).await;
        assert_eq!(told().await, (day + 1, day));
        let answers = race((0..100).map(|_| ask(now))).await;
        assert_eq!(count(&answers, |answer| matches!(answer, Opened::Admitted(_))), 5);
        assert_eq!(count(&answers, |answer| matches!(answer, Opened::Refused { by: 1, .. })), 95);
        assert_eq!(told().await, (day + 1, day + 1));
    }
}
