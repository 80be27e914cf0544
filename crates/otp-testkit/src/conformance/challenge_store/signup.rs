//! Right codes that open accounts.

use futures::FutureExt;
use otp_core::audit::AuditEvent;
use otp_core::challenge::Challenge;
use otp_core::effect::{Counter, Effect};
use otp_core::fault::FaultKind;
use otp_core::port::{
    Age, Attempt, AttemptEffects, Begun, CallLease, EntropyExt as _, Inserted, Presented, Remembered, Stores,
};
use otp_core::session::SignIn;
use otp_core::tenant::Tenant;

use crate::answered::Answered;
use crate::conformance::race::{ROUNDS, count, race};
use crate::conformance::world::{LEASE, World};
use crate::samples::{NOW, by_address, by_id};

/// The code of `challenge`, which registers `tenant`.
fn opening(w: &World, challenge: &Challenge, tenant: &Tenant, by_its_id: bool) -> Presented {
    let by = if by_its_id { by_id(challenge) } else { by_address(challenge) };
    let registers = Some(Box::new(tenant.clone()));
    let sign_in = SignIn { registers, ..w.samples.sign_in(challenge) };
    let on = AttemptEffects {
        right: vec![w.samples.told(tenant.live(), AuditEvent::SignupVerified, NOW)],
        full: vec![w.count(Counter::EmailsDropped)],
        ..AttemptEffects::default()
    };
    Presented { sign_in: Some(sign_in), on, ..w.samples.matching(by, challenge) }
}

/// Whether this store keeps no tenants, and says so without spending the code.
async fn keeps_no_tenants(w: &World) -> bool {
    let (challenge, tenant) = (w.opened().await, w.samples.tenant(NOW));
    let attempt = w.stores.challenges.attempt(opening(w, &challenge, &tenant, true), NOW).await;
    let refused = attempt.is_err_and(|fault| fault.kind() == FaultKind::Misconfigured);
    assert_eq!(w.live(&by_id(&challenge), NOW).await.len(), usize::from(refused));
    refused
}

/// Many right codes for one owner, and somebody who adds a tenant of his by hand: one account comes of it, whole, and
/// every code is spent.
pub async fn a_signup_opens_one_account(stores: Stores) {
    let w = World::new(stores);
    if keeps_no_tenants(&w).await {
        return;
    }
    let mut too_late = 0;
    for round in 0..ROUNDS / 5 {
        let owner = w.samples.email();
        let of_owner = || Tenant { owner: Some(owner.clone()), ..w.samples.tenant(NOW) };
        let mut signups = Vec::new();
        for _ in 0..10 {
            signups.push((w.opened().await, of_owner()));
        }
        let by_hand = (round % 2 == 0).then(of_owner);
        let racers = signups
            .iter()
            .map(|(challenge, tenant)| w.attempt(opening(&w, challenge, tenant, round % 3 == 0), NOW).boxed());
        let inserting = by_hand.clone().map(|tenant| {
            let store = w.stores.tenants.clone();
            let inserted = async move {
                match store.insert(tenant, Vec::new(), NOW).await.answered() {
                    Inserted::Inserted => Attempt::Expired, // Stands for: it was he.
                    Inserted::Exists => Attempt::AccountExists,
                }
            };
            inserted.boxed()
        });
        let answers = race(racers.chain(inserting)).await;
        let entered = count(&answers, |answer| matches!(answer, Attempt::Right(_) | Attempt::Expired));
        let turned_away = count(&answers, |answer| *answer == Attempt::AccountExists);
        assert_eq!((entered, turned_away), (1, answers.len() - 1), "{answers:?}");

        let account = w.stores.tenants.by_owner(&owner).await.answered();
        let mut opened = 0;
        for (challenge, tenant) in &signups {
            assert!(
                w.live(&by_id(challenge), NOW).await.is_empty(),
                "a code that opened nothing is spent all the same"
            );
            let kept = w.stores.tenants.get(tenant.id, Age::Fresh).await.answered();
            let found = w.stores.tenants.by_api_key(&tenant.keys[0].hash).await.answered();
            assert_eq!(found, kept, "keys");
            let told = w.stores.audit.recent(tenant.id, 9).await.answered().len();
            assert_eq!(told, usize::from(kept.is_some()), "effects");
            if kept.is_some() {
                assert_eq!(account.as_ref(), Some(tenant));
                opened += 1;
            }
        }
        let was_by_hand = by_hand.is_some_and(|tenant| account == Some(tenant));
        assert_eq!(opened + usize::from(was_by_hand), 1, "accounts");
        too_late += signups.len() - opened;
        assert_eq!(w.counted(Counter::EmailsDropped).await, too_late as u64, "effects of those too late");
    }
}

/// The answer to whoever opens an account is remembered exactly if it is opened; who has lost the call opens none.
pub async fn an_account_comes_with_its_answer(stores: Stores) {
    let w = World::new(stores);
    if keeps_no_tenants(&w).await {
        return;
    }
    let begin = async |lease, now| w.stores.calls.begin(lease, [7; 32], now).await.answered();
    let with = |challenge: &Challenge, tenant: &Tenant, lease| {
        let mut opening = opening(&w, challenge, tenant, true);
        let remembered = Remembered { lease, answer: w.samples.sealed(), expires_at: NOW.plus(LEASE * 9) };
        opening.on.right.push(Effect::Remember(remembered.clone()));
        (opening, Begun::Answered(remembered.answer))
    };
    let (challenge, tenant) = (w.opened().await, w.samples.tenant(NOW));
    let lost = CallLease { realm: w.realm, key: w.samples.id(|entropy| entropy.bytes()), until: NOW.plus(LEASE) };
    assert_eq!(begin(lost, NOW).await, Begun::Ours(lost));
    let held = CallLease { until: lost.until.plus(LEASE), ..lost };
    assert_eq!(begin(held, lost.until).await, Begun::Ours(held));
    let (late, _) = with(&challenge, &tenant, lost);
    assert!(w.stores.challenges.attempt(late, lost.until).await.is_err());
    assert!(
        w.stores.tenants.get(tenant.id, Age::Fresh).await.answered().is_none(),
        "opened in the name of a lost call"
    );

    let (opening, answer) = with(&challenge, &tenant, held);
    assert!(matches!(w.attempt(opening, lost.until).await, Attempt::Right(_)), "the code is not spent");
    let again = CallLease { until: held.until.plus(LEASE), ..held };
    assert_eq!(begin(again, held.until).await, answer);

    // An account that is not opened is no answer.
    let other = w.opened().await;
    let apart = CallLease { key: w.samples.id(|entropy| entropy.bytes()), ..held };
    assert_eq!(begin(apart, lost.until).await, Begun::Ours(apart));
    let (opening, _) = with(&other, &tenant, apart);
    assert_eq!(w.attempt(opening, lost.until).await, Attempt::AccountExists);
    assert_eq!(begin(apart, lost.until).await, Begun::InFlight);
}
