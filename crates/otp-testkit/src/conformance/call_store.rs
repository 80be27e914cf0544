//! Cases of [`CallStore`](otp_core::port::CallStore).

use std::time::Duration;

use otp_core::effect::Effect;
use otp_core::keys::Sealed;
use otp_core::limit::DAY;
use otp_core::port::{Age, Begun, CallLease, Inserted, Remembered, Replaced, Stores};
use otp_core::tenant::Tenant;
use otp_core::time::Timestamp;

use super::race::{ROUNDS, count, race};
use super::world::{LEASE, TICK, World};
use crate::answered::Answered;
use crate::samples::{NOW, Samples, test_world};

const BODY: [u8; 32] = [7; 32];

impl World {
    /// A call of this tenant nobody has made, leased until `until`.
    fn call(&self, until: Timestamp) -> CallLease {
        CallLease { realm: self.realm, key: self.samples.id(octets), until }
    }

    fn begin_call(
        &self,
        lease: CallLease,
        body: [u8; 32],
        now: Timestamp,
    ) -> impl Future<Output = Begun> + Send + 'static + use<> {
        let store = self.stores.calls.clone();
        async move { store.begin(lease, body, now).await.answered() }
    }

    fn answer(&self, lease: CallLease) -> Remembered {
        Remembered { lease, answer: self.samples.sealed(), expires_at: NOW.plus(DAY) }
    }

    /// What is remembered of the call of `lease` at `now`, by whoever begins it next.
    async fn seen(&self, lease: CallLease, now: Timestamp) -> Begun {
        self.begin_call(CallLease { until: now.plus(LEASE), ..lease }, BODY, now).await
    }

    async fn exists(&self, tenant: &Tenant) -> bool {
        self.stores.tenants.get(tenant.id, Age::Fresh).await.answered().is_some()
    }
}

fn octets(entropy: &dyn otp_core::port::Entropy) -> otp_core::fault::Res<[u8; 32]> {
    use otp_core::port::EntropyExt as _;
    entropy.bytes()
}

fn answered(remembered: &Remembered) -> Begun {
    Begun::Answered(remembered.answer.clone())
}

/// Of many who make the same call one may; another body is told, and other calls are apart.
pub async fn a_call_is_one_callers(stores: Stores) {
    let w = World::new(stores);
    for _ in 0..ROUNDS / 5 {
        let lease = w.call(NOW.plus(LEASE));
        let answers = race((0..20).map(|_| w.begin_call(lease, BODY, NOW))).await;
        assert_eq!(count(&answers, |answer| *answer == Begun::Ours(lease)), 1);
        assert_eq!(count(&answers, |answer| *answer == Begun::InFlight), 19);
        assert_eq!(w.begin_call(lease, [8; 32], NOW).await, Begun::Mismatch);
        for other in [CallLease { realm: test_world(w.realm), ..lease }, w.call(lease.until)] {
            assert_eq!(w.begin_call(other, BODY, NOW).await, Begun::Ours(other));
        }
    }
}

/// An answer is remembered exactly if its change is made, until its end; and also of a call that changed nothing.
pub async fn an_answer_comes_with_the_change(stores: Stores) {
    let w = World::new(stores);
    let tenant = w.samples.tenant(NOW);
    let with = async |what: &str| {
        let lease = w.call(NOW.plus(LEASE));
        assert_eq!(w.seen(lease, NOW).await, Begun::Ours(lease), "{what}");
        let remembered = w.answer(lease);
        (lease, remembered.clone(), vec![Effect::Remember(remembered)])
    };
    let store = w.stores.tenants.clone();
    let (added, first, effects) = with("an insert").await;
    assert_eq!(store.insert(tenant.clone(), effects, NOW).await.answered(), Inserted::Inserted);
    let (refused, _, effects) = with("an insert that is refused").await;
    assert_eq!(store.insert(tenant.clone(), effects, NOW).await.answered(), Inserted::Exists);
    let next = Tenant { version: tenant.version + 1, ..tenant.clone() };
    let (changed, second, effects) = with("a change").await;
    assert_eq!(store.replace(next.clone(), tenant.version, effects, NOW).await.answered(), Replaced::Replaced);
    let (conflicting, _, effects) = with("a change that is refused").await;
    assert_eq!(store.replace(next, tenant.version, effects, NOW).await.answered(), Replaced::Conflict);
    let (idle, third, _) = with("no change").await;
    w.stores.calls.remember(third.clone(), NOW).await.answered();

    for lease in [refused, conflicting] {
        assert_eq!(w.seen(lease, NOW).await, Begun::InFlight);
        assert!(matches!(w.seen(lease, lease.until).await, Begun::Ours(_)));
    }
    for (lease, remembered) in [(added, &first), (changed, &second), (idle, &third)] {
        assert_eq!(w.seen(lease, NOW).await, answered(remembered));
        assert_eq!(w.begin_call(lease, [8; 32], NOW).await, Begun::Mismatch);
    }
    for (lease, remembered) in [(added, &first), (changed, &second), (idle, &third)] {
        assert_eq!(w.seen(lease, NOW.plus(DAY).minus(TICK)).await, answered(remembered));
    }
    for lease in [added, changed, idle] {
        assert!(matches!(w.seen(lease, NOW.plus(DAY)).await, Begun::Ours(_)), "forgotten after a day");
    }
}

/// Who slept past his lease writes nothing once somebody else has begun the call: no change, no answer, and he takes nothing
/// back from the other.
pub async fn a_lost_call_changes_nothing(stores: Stores) {
    let w = World::new(stores);
    let lost = w.call(NOW.plus(LEASE));
    assert_eq!(w.begin_call(lost, BODY, NOW).await, Begun::Ours(lost));
    let held = CallLease { until: lost.until.plus(LEASE), ..lost };
    assert_eq!(w.begin_call(held, BODY, lost.until).await, Begun::Ours(held));

    let (late, tenant) = (lost.until.plus(Duration::from_secs(1)), w.samples.tenant(NOW));
    let effects = vec![Effect::Remember(w.answer(lost))];
    assert!(w.stores.tenants.insert(tenant.clone(), effects, late).await.is_err());
    assert!(!w.exists(&tenant).await, "a change in the name of a lost lease");
    assert!(w.stores.calls.remember(w.answer(lost), late).await.is_err());
    w.stores.calls.give_back(lost, late).await.answered();
    assert_eq!(w.seen(lost, late).await, Begun::InFlight, "it is the other's still");

    let remembered = w.answer(held);
    let effects = vec![Effect::Remember(remembered.clone())];
    assert_eq!(w.stores.tenants.insert(tenant.clone(), effects, late).await.answered(), Inserted::Inserted);
    assert_eq!(w.seen(lost, late).await, answered(&remembered));
    // What is answered is answered, for whoever gives it back or answers it again.
    w.stores.calls.give_back(held, late).await.answered();
    assert!(w.stores.calls.remember(w.answer(held), late).await.is_err());
    assert_eq!(w.seen(lost, late).await, answered(&remembered));
}

/// A call that came to nothing may be made again at once, with any body.
pub async fn a_call_given_back_may_be_made(stores: Stores) {
    let w = World::new(stores);
    let lease = w.call(NOW.plus(LEASE));
    assert_eq!(w.begin_call(lease, BODY, NOW).await, Begun::Ours(lease));
    w.stores.calls.give_back(lease, NOW).await.answered();
    assert_eq!(w.begin_call(lease, [8; 32], NOW).await, Begun::Ours(lease));
    let remembered = Remembered { answer: Sealed::from_bytes(vec![0, 255]), ..w.answer(lease) };
    w.stores.calls.remember(remembered.clone(), NOW).await.answered();
    assert_eq!(w.begin_call(lease, [8; 32], NOW).await, answered(&remembered));
    let nobodys = CallLease { key: Samples::random().id(octets), ..lease };
    w.stores.calls.give_back(nobodys, NOW).await.answered();
}
