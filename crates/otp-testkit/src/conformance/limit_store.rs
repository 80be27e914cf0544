//! Cases of [`LimitStore`](otp_core::port::LimitStore).

use otp_core::keys::Subject;
use otp_core::limit::{Admission, Draw, HOUR, LimitKey, Rule, Usage};
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
        Admission::Admitted(usage) => usage.first().map(|usage| usage.remaining),
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
        let used_up = Usage { rule: draw.key.rule, limit: 20, window: HOUR, remaining: 0, resets_at: end };
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
    assert_eq!(usage.iter().map(|usage| usage.remaining).collect::<Vec<_>>(), [4, 1, 3, 0, 2]);
    let refused = acquire(&w, each([6, 3, 5, 2, 4]), NOW).await;
    assert!(matches!(refused, Admission::Refused { by: 3, .. }), "{refused:?}");
}

/// Looking is free, and tells what drawing would.
pub async fn usage_spends_nothing(stores: Stores) {
    let w = World::new(stores);
    let draws = [w.samples.draw(w.realm, Rule::EmailHour, 2), w.samples.draw(w.realm, Rule::EmailDay, 3)];
    let look = async |now| w.stores.limits.usage(&draws, now).await.answered();
    let standing = |usage: &[Usage]| usage.iter().map(|usage| (usage.rule, usage.remaining)).collect::<Vec<_>>();
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
        assert_eq!((usage[by].rule, usage[by].remaining), (Rule::EmailDay, 0));
        assert_eq!((usage[1 - by].rule, usage[1 - by].remaining), (Rule::EmailHour, 2));
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
