//! Which challenges are live, and for whom.

use std::time::Duration;

use otp_core::challenge::{Challenge, Lookup};
use otp_core::effect::{Counter, Effect};
use otp_core::keys::Kid;
use otp_core::limit::{Draw, LimitKey, Rule};
use otp_core::port::{Attempt, Opened, Opening, Request, Stores};
use otp_core::realm::Realm;

use crate::conformance::world::{TICK, World};
use crate::samples::{NOW, by_address, by_id, purpose, test_world};

/// Alive until the millisecond before its end, dead at its end, for every verb.
pub async fn expiry_is_exact(stores: Stores) {
    let w = World::new(stores);
    let (challenge, entered) = (w.opened().await, w.opened().await);
    let (end, last) = (challenge.expires_at, challenge.expires_at.minus(TICK));
    let lookups = [by_id(&challenge), by_address(&challenge)];
    for by in &lookups {
        assert_eq!(w.live(by, NOW).await, std::slice::from_ref(&challenge), "as it was opened");
        assert_eq!(w.live(by, last).await, std::slice::from_ref(&challenge), "a tick before its end");
        assert_eq!(w.wrong(by.clone(), last).await, Attempt::Wrong { left: 4 });
    }
    w.admit(w.samples.resend(&challenge), last).await;
    w.enter(w.samples.right(&entered), last).await;

    for by in lookups {
        assert_eq!(w.live(&by, end).await, [], "at its end");
        assert_eq!(w.wrong(by.clone(), end).await, Attempt::Expired);
        assert_eq!(w.attempt(w.samples.matching(by, &challenge), end).await, Attempt::Expired);
    }
    // The pause since the last mail is over by then, so it is not that which refuses.
    assert_eq!(w.open(without_pause(w.samples.resend(&challenge)), end).await, Opened::Gone);
}

fn without_pause(mut resend: Request) -> Request {
    if let Opening::Resend { pause, .. } = &mut resend.opening {
        *pause = Duration::ZERO;
    }
    resend
}

/// The same id, address and call in two tenants, and in two worlds of one: nothing of one shows in another.
pub async fn realms_are_apart(stores: Stores) {
    let w = World::new(stores);
    let first = w.challenge();
    let realms = [w.realm, test_world(w.realm), w.samples.realm()];
    // Told apart by the kid, the one thing of a challenge no look-up goes by.
    let twins: Vec<Challenge> = (0u32..)
        .zip(realms)
        .map(|(kid, realm)| Challenge { realm, kid: Kid::from_u32(kid), ..first.clone() })
        .collect();
    let draw = w.samples.draw(w.realm, Rule::EmailHour, 1);
    let key = w.samples.idempotency(NOW);
    for twin in &twins {
        let draw = Draw { key: LimitKey { realm: twin.realm, ..draw.key }, ..draw.clone() };
        let admitted = vec![Effect::Count { realm: twin.realm, counter: Counter::OtpRequests, at: NOW }];
        let (draws, idempotency) = (vec![draw], Some(key.clone()));
        let usage = w.admit(Request { draws, idempotency, admitted, ..w.samples.request(twin) }, NOW).await;
        assert_eq!(usage[0].remaining(), 0, "each realm has counters of its own");
    }
    for twin in &twins {
        assert_eq!(w.live(&by_id(twin), NOW).await, std::slice::from_ref(twin));
        assert_eq!(w.live(&by_address(twin), NOW).await, std::slice::from_ref(twin));
        assert_eq!(w.counted_in(twin.realm, Counter::OtpRequests).await, 1);
    }
    for (home, abroad) in [(realms[0], realms[1]), (realms[1], realms[0]), (realms[0], realms[2])] {
        nobody_else_finds(&w, &w.samples.challenge(home, NOW), abroad).await;
    }

    // Attempts, closing and users keep to their realm.
    for by in [by_id, by_address as fn(&Challenge) -> Lookup] {
        assert_eq!(w.wrong(by(&twins[0]), NOW).await, Attempt::Wrong { left: 4 });
        assert_eq!(w.wrong(by(&twins[1]), NOW).await, Attempt::Wrong { left: 4 });
        assert_eq!(w.wrong(by(&twins[2]), NOW).await, Attempt::Wrong { left: 4 });
    }
    let mut users = Vec::new();
    for (nth, twin) in twins.iter().enumerate() {
        let signed_in = w.enter(w.samples.right(twin), NOW).await;
        assert!(signed_in.is_new, "known from another realm");
        assert_eq!((signed_in.user.realm, signed_in.session.realm), (twin.realm, twin.realm));
        users.push(signed_in.user.id);
        for other in &twins[nth + 1..] {
            assert_eq!(w.live_ids(&by_address(other), NOW).await, [other.id], "closed by another realm");
        }
    }
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), twins.len());
}

/// Once opened, `challenge` is found by no look-up with another realm, purpose, address or id.
async fn nobody_else_finds(w: &World, challenge: &Challenge, abroad: Realm) {
    w.put(challenge).await;
    let elsewhere = Challenge { realm: abroad, ..challenge.clone() };
    let strange = [
        by_id(&elsewhere),
        by_address(&elsewhere),
        by_id(&w.challenge()),
        by_address(&Challenge { address_key: w.samples.address_key(), ..challenge.clone() }),
        by_address(&Challenge { purpose: purpose("payment"), ..challenge.clone() }),
    ];
    for by in strange {
        assert_eq!(w.live(&by, NOW).await, [], "{by:?}");
        assert_eq!(w.wrong(by.clone(), NOW).await, Attempt::Expired);
        assert_eq!(w.attempt(w.samples.matching(by, challenge), NOW).await, Attempt::Expired);
    }
    let resend = w.open(without_pause(w.samples.resend(&elsewhere)), NOW).await;
    assert_eq!(resend, Opened::Gone);
    assert_eq!(w.live_ids(&by_id(challenge), NOW).await, [challenge.id]);
}

/// An address has its newest three, by the order of opening whatever the clock said.
pub async fn side_by_side(stores: Stores) {
    let w = World::new(stores);
    for clock in [[0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5, 6], [9, 8, 7, 6, 5, 4, 3]] {
        let first = w.challenge();
        let mut opened: Vec<Challenge> = Vec::new();
        for millis in clock {
            // Ids are random, so neither they nor, in one millisecond, the times tell the order.
            let challenge = w.samples.sibling(&first, NOW.plus(Duration::from_millis(millis)));
            w.put(&challenge).await;
            opened.insert(0, challenge);
            let newest = &opened[..opened.len().min(3)];
            let now = NOW.plus(Duration::from_millis(9));
            assert_eq!(w.live(&by_address(&first), now).await, newest);
        }
        for challenge in &opened {
            let now = NOW.plus(Duration::from_millis(9));
            assert_eq!(w.live_ids(&by_id(challenge), now).await, [challenge.id], "pushed out, but alive by its id");
        }
    }

    // As the newest dies, the next comes back.
    let first = w.challenge();
    let mut opened = Vec::new();
    for seconds in [600, 600, 600, 60, 90] {
        let expires_at = NOW.plus(Duration::from_secs(seconds));
        let challenge = Challenge { expires_at, ..w.samples.sibling(&first, NOW) };
        w.put(&challenge).await;
        opened.insert(0, challenge.id);
    }
    let live = async |seconds| w.live_ids(&by_address(&first), NOW.plus(Duration::from_secs(seconds))).await;
    assert_eq!(live(59).await, opened[..3]);
    assert_eq!(live(60).await, [opened[0], opened[2], opened[3]]);
    assert_eq!(live(90).await, opened[2..]);
    assert_eq!(live(600).await, []);
}
