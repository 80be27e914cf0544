//! Cases of [`LimitStore`](otp_core::port::LimitStore).

use otp_core::keys::Subject;
use otp_core::limit::{Admission, DAY, Draw, HOUR, LimitKey, Mark, Rule, Usage, Window};
use otp_core::port::Stores;
use otp_core::time::Timestamp;

use super::race::{ROUNDS, count, race};
use super::trail::Trail;
use super::world::{TICK, World};
use crate::answered::Answered;
use crate::samples::{NOW, test_world};

fn acquire(w: &World, draws: Vec<Draw>, now: Timestamp) -> impl Future<Output = Admission> + Send + 'static + use<> {
    let store = w.stores.limits.clone();
    async move { store.acquire(draws, now).await.answered() }
}

/// What the first draw of an admitted call had left.
fn left(admission: &Admission) -> Option<u32> {
    match admission {
        Admission::Admitted(usage) => usage.first().map(Usage::remaining),
        Admission::Refused { .. } => None,
    }
}

/// As many as fit, under any rush; each unit back a window after it was drawn; no counter shared.
pub async fn acquire_is_exact(stores: Stores) {
    let w = World::new(stores);
    let draw = w.samples.draw(w.realm, Rule::RecipientHour, 20);
    for (hour, end) in [(NOW, NOW.plus(HOUR)), (NOW.plus(HOUR), NOW.plus(2 * HOUR))] {
        let answers = race((0..200).map(|_| acquire(&w, vec![draw.clone()], hour))).await;
        let mut remaining: Vec<u32> = answers.iter().filter_map(left).collect();
        remaining.sort_unstable();
        assert_eq!(remaining, (0..20).collect::<Vec<_>>());
        let used_up = Usage { rule: draw.key.rule, limit: 20, window: draw.window, drawn: 20, resets_at: end };
        let refused = Admission::Refused { usage: vec![used_up], by: 0 };
        assert_eq!(count(&answers, |answer| *answer == refused), 180);
        assert_eq!(acquire(&w, vec![draw.clone()], end.minus(TICK)).await, refused);
    }

    // One counter for each realm, rule and subject.
    let key = LimitKey { subject: Subject::from_bytes(w.samples.bytes()), ..draw.key };
    let others = [
        key,
        LimitKey { realm: w.samples.realm(), ..key },
        LimitKey { realm: test_world(w.realm), ..key },
        LimitKey { rule: Rule::ClientHour, ..key },
        LimitKey { subject: Subject::from_bytes(w.samples.bytes()), ..key },
    ];
    for key in others {
        assert_eq!(left(&acquire(&w, vec![Draw { key, limit: 1, ..draw.clone() }], NOW).await), Some(0), "{key:?}");
    }
    // Many of them in one draw are answered in its order.
    let each = |limits: [u32; 5]| {
        others.into_iter().zip(limits).map(|(key, limit)| Draw { key, limit, ..draw.clone() }).collect::<Vec<_>>()
    };
    let Admission::Admitted(usage) = acquire(&w, each([6, 3, 5, 2, 4]), NOW).await else { panic!("refused") };
    assert_eq!(usage.iter().map(Usage::remaining).collect::<Vec<_>>(), [4, 1, 3, 0, 2]);
    let refused = acquire(&w, each([6, 3, 5, 2, 4]), NOW).await;
    assert!(matches!(refused, Admission::Refused { by: 3, .. }), "{refused:?}");
}

/// By the calendar as many as fit, too, until the day or the month is over in UTC; then all of them again.
pub async fn a_day_ends_at_midnight(stores: Stores) {
    let w = World::new(stores);
    // 2023-11-15, 2023-12-01.
    let (midnight, december) = (Timestamp::from_millis(1_700_006_400_000), Timestamp::from_millis(1_701_388_800_000));
    for (rule, window, end, next_end) in [
        (Rule::QuotaDay, Window::UtcDay, midnight, midnight.plus(DAY)),
        (Rule::QuotaMonth, Window::UtcMonth, december, december.plus(31 * DAY)),
    ] {
        let draw = Draw { window, ..w.samples.draw(w.realm, rule, 70) };
        let used_up = |resets_at| {
            let usage = vec![Usage { rule, limit: 70, window, drawn: 70, resets_at }];
            Admission::Refused { usage, by: 0 }
        };
        // More than a log has entries for, and not all at the same time.
        for (from, until) in [(NOW, end), (end, next_end)] {
            let answers = race((0..100).map(|n| acquire(&w, vec![draw.clone()], from.plus(n % 7 * TICK)))).await;
            let mut remaining: Vec<u32> = answers.iter().filter_map(left).collect();
            remaining.sort_unstable();
            assert_eq!(remaining, (0..70).collect::<Vec<_>>());
            assert_eq!(count(&answers, |answer| *answer == used_up(until)), 30);
            assert_eq!(acquire(&w, vec![draw.clone()], until.minus(TICK)).await, used_up(until));
        }
        // A clock that stepped back finds used up what was used up ahead of it.
        assert_eq!(acquire(&w, vec![draw.clone()], NOW).await, used_up(next_end));
        // Lowered, it tells what was drawn all the same.
        let lowered = Draw { limit: 10, ..draw };
        let usage = w.stores.limits.usage(std::slice::from_ref(&lowered), end).await.answered();
        assert_eq!((usage[0].limit, usage[0].drawn, usage[0].resets_at), (10, 70, next_end));
    }
}

/// Where rates and quotas refuse, a rate is told, though the quota frees up later.
pub async fn haste_is_told_before_a_quota(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let rate = |span, refused| {
        let draw = w.samples.draw(w.realm, Rule::EmailHour, 0);
        Draw { window: Window::Sliding(span), refused, ..draw }
    };
    let quota = |rule, window, refused| Draw { window, refused, ..w.samples.draw(w.realm, rule, 0) };
    let (day, month) = ((Rule::QuotaDay, Window::UtcDay), (Rule::QuotaMonth, Window::UtcMonth));
    for turned in [false, true] {
        let mut all = vec![
            quota(day.0, day.1, w.unwritten()),
            rate(TICK, w.unwritten()),
            rate(HOUR, trail.written()),
            quota(month.0, month.1, w.unwritten()),
        ];
        let mut quotas = vec![
            quota(day.0, day.1, w.unwritten()),
            Draw { limit: 1, ..rate(HOUR, w.unwritten()) },
            quota(month.0, month.1, trail.written()),
        ];
        if turned {
            all.reverse();
            quotas.reverse();
        }
        for (draws, told) in [(all, Window::Sliding(HOUR)), (quotas, Window::UtcMonth)] {
            let Admission::Refused { usage, by } = acquire(&w, draws, NOW).await else { panic!("admitted") };
            assert_eq!(usage[by].window, told);
        }
        trail.check().await;
    }
}

/// Whoever draws at a mark or above it has its effects written; whoever is refused there, only those of that.
pub async fn marks_are_told(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let (draw, roomy) = (w.samples.draw(w.realm, Rule::QuotaDay, 4), w.samples.draw(w.realm, Rule::QuotaMonth, 9));
    let at = |draw: &Draw, units, effects| Draw { mark: Some(Mark { units, effects }), ..draw.clone() };
    for (drawn, units) in [(1, 2), (2, 2), (3, 2), (4, 4)] {
        let told = if drawn >= units { trail.written() } else { trail.unwritten() };
        let draws = vec![at(&roomy, drawn, trail.written()), at(&draw, units, told)];
        let draws = draws.into_iter().map(|draw| Draw { refused: trail.unwritten(), ..draw });
        assert_eq!(left(&acquire(&w, draws.collect(), NOW).await), Some(9 - drawn));
        trail.check().await;
    }
    let refused = Draw { refused: trail.written(), ..at(&draw, 1, trail.unwritten()) };
    let beside = Draw { refused: trail.unwritten(), ..at(&roomy, 1, trail.unwritten()) };
    assert_eq!(left(&acquire(&w, vec![beside, refused], NOW).await), None);
    trail.check().await;
}

/// Looking is free, and tells what drawing would.
pub async fn usage_spends_nothing(stores: Stores) {
    let w = World::new(stores);
    let draws = [w.samples.draw(w.realm, Rule::EmailHour, 2), w.samples.draw(w.realm, Rule::EmailDay, 3)];
    let look = async |now| w.stores.limits.usage(&draws, now).await.answered();
    let standing = |usage: &[Usage]| usage.iter().map(|usage| (usage.rule, usage.remaining())).collect::<Vec<_>>();
    for left in [2, 1, 0] {
        for _ in 0..3 {
            assert_eq!(standing(&look(NOW).await), [(Rule::EmailHour, left), (Rule::EmailDay, left + 1)]);
        }
        let admission = acquire(&w, draws.to_vec(), NOW).await;
        let (Admission::Admitted(usage) | Admission::Refused { usage, .. }) = &admission;
        assert_eq!(*usage, look(NOW).await);
        assert_eq!(matches!(admission, Admission::Admitted(_)), left > 0);
    }
    assert_eq!(look(NOW.plus(HOUR).minus(TICK)).await[0].resets_at, NOW.plus(HOUR));
    assert_eq!(standing(&look(NOW.plus(HOUR)).await), [(Rule::EmailHour, 2), (Rule::EmailDay, 3)]);
    assert_eq!(w.stores.limits.usage(&[], NOW).await.answered(), []);
}

/// A refusal takes no unit of any limit, whatever the order they are drawn in, and tells of the one that refused.
pub async fn acquire_spends_nothing_when_refused(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let draw = |rule, limit| w.samples.draw(w.realm, rule, limit);
    let (roomy, tight) = (draw(Rule::EmailHour, 3), draw(Rule::EmailDay, 1));
    let quiet = |draw: &Draw| Draw { refused: w.unwritten(), ..draw.clone() };
    assert_eq!(left(&acquire(&w, vec![quiet(&roomy), quiet(&tight)], NOW).await), Some(2));
    for tight_first in [true, false] {
        let mut draws = vec![Draw { refused: trail.written(), ..tight.clone() }, quiet(&roomy)];
        if !tight_first {
            draws.reverse();
        }
        let Admission::Refused { usage, by } = acquire(&w, draws, NOW).await else { panic!("admitted") };
        assert_eq!((usage[by].rule, usage[by].remaining()), (Rule::EmailDay, 0));
        assert_eq!((usage[1 - by].rule, usage[1 - by].remaining()), (Rule::EmailHour, 2));
        trail.check().await;
    }
    assert_eq!(left(&acquire(&w, vec![quiet(&roomy)], NOW).await), Some(1), "a unit went with a refusal");

    for _ in 0..ROUNDS / 5 {
        let (roomy, tight) = (draw(Rule::EmailHour, 30), draw(Rule::EmailDay, 10));
        let answers = race((0..40).map(|n| {
            let mut draws = vec![roomy.clone(), tight.clone()];
            if n % 2 == 0 {
                draws.reverse();
            }
            acquire(&w, draws, NOW)
        }))
        .await;
        assert_eq!(count(&answers, |answer| matches!(answer, Admission::Admitted(_))), 10);
        assert_eq!(left(&acquire(&w, vec![roomy], NOW).await), Some(19), "units went with refusals");
    }
}
