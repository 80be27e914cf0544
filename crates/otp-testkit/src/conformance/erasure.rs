//! Cases of [`Erasure`](otp_core::port::Erasure).

use std::pin::Pin;

use otp_core::audit::AuditEvent;
use otp_core::challenge::{Challenge, Lookup};
use otp_core::effect::Effect;
use otp_core::port::{Attempt, Erased, Presented, Request, Stores};
use otp_core::session::SignIn;

use super::race::race;
use super::trail::Trail;
use super::world::World;
use crate::answered::Answered;
use crate::samples::NOW;

/// User, sessions, challenges and mail go, with the effects of it; everybody else's stay.
pub async fn a_person_is_erased(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let first = w.opened().await;
    let erased = w.sign_in(&first).await;
    let again = w.samples.sibling(&first, NOW);
    w.put(&again).await;
    let second = w.sign_in(&again).await;
    let mail = |challenge| vec![Effect::Mail(w.samples.mail(challenge))];
    let open = w.samples.sibling(&first, NOW);
    let request = Request { admitted: mail(&open), ..w.samples.request(&open) };
    w.admit(request, NOW).await;
    let (other, others) = (w.signed_in().await, w.opened().await);
    w.stores.challenges.append(mail(&others), NOW).await.answered();

    let challenges = w.stores.erasure.challenges_of(w.realm, open.address_key, NOW).await.answered();
    assert_eq!(challenges, std::slice::from_ref(&open));
    let elsewhere = w.samples.realm();
    assert_eq!(w.stores.erasure.challenges_of(elsewhere, open.address_key, NOW).await.answered(), []);
    let erase = async |realm, effects| w.stores.erasure.erase(realm, erased.user.id, effects, NOW).await.answered();
    assert_eq!(erase(elsewhere, trail.unwritten()).await, None);
    let counted = Erased { sessions: 2, challenges: 1, mails: 1 };
    assert_eq!(erase(w.realm, trail.written()).await, Some(counted));
    assert_eq!(erase(w.realm, trail.unwritten()).await, None, "he is gone");
    trail.check().await;

    assert_eq!(w.stores.users.by_id(w.realm, erased.user.id).await.answered(), None);
    assert_eq!(w.stores.users.by_address(w.realm, first.address_key).await.answered(), None);
    let left = w.stores.users.page(w.realm, None, 9).await.answered();
    assert_eq!(left, std::slice::from_ref(&other.user));
    for session in [erased.session.id, second.session.id] {
        assert_eq!(w.session(w.realm, session, NOW).await, None);
    }
    assert!(w.session(w.realm, other.session.id, NOW).await.is_some());
    assert_eq!(w.live_ids(&Lookup::Id { realm: w.realm, id: open.id }, NOW).await, []);
    let mails = w.claim_all(NOW).await;
    let left: Vec<_> = mails.iter().map(|leased| leased.challenge.as_ref().map(|challenge| challenge.id)).collect();
    assert_eq!(left, [Some(others.id)]);
}

/// There is room for one more, and the address is new if it comes back.
pub async fn an_erased_user_makes_room(stores: Stores) {
    let w = World::new(stores);
    let enter = async |challenge: Challenge| {
        let challenge = &challenge;
        let sign_in = Some(SignIn { max_users: Some(1), ..w.samples.sign_in(challenge) });
        w.attempt(Presented { sign_in, ..w.samples.right(challenge) }, NOW).await
    };
    let first = w.opened().await;
    let Attempt::Right(before) = enter(first.clone()).await else { panic!("there was room") };
    assert_eq!(enter(w.opened().await).await, Attempt::UserLimit);
    w.stores.erasure.erase(w.realm, before.user.id, Vec::new(), NOW).await.answered();
    assert_eq!(w.stores.metering.users(w.realm).await.answered(), 0);
    let again = w.samples.sibling(&first, NOW);
    w.put(&again).await;
    let Attempt::Right(after) = enter(again).await else { panic!("there is room again") };
    assert!(after.is_new);
    assert_ne!(after.user.id, before.user.id);
    assert_eq!(enter(w.opened().await).await, Attempt::UserLimit);
    assert_eq!(w.stores.metering.users(w.realm).await.answered(), 1);
}

/// Of all who erase somebody while he signs in one does; whoever comes after is a new user, and counts.
pub async fn a_person_is_erased_once(stores: Stores) {
    let w = World::new(stores);
    for _ in 0..10 {
        let before = w.stores.metering.users(w.realm).await.answered();
        let first = w.opened().await;
        let user = w.sign_in(&first).await.user.id;
        let told = || vec![w.samples.told(w.realm, AuditEvent::UserDeleted, NOW)];
        let again = w.samples.sibling(&first, NOW);
        w.put(&again).await;
        let erasing = (0..3).map(|_| {
            let (erasure, realm, effects) = (w.stores.erasure.clone(), w.realm, told());
            let erased = async move { Ok(erasure.erase(realm, user, effects, NOW).await.answered().is_some()) };
            Box::pin(erased) as Pin<Box<dyn Future<Output = Result<bool, Attempt>> + Send>>
        });
        let attempt = w.attempt(w.samples.right(&again), NOW);
        let entering = std::iter::once(Box::pin(async move { Err(attempt.await) }) as _);
        let mut erased = 0;
        for did in race(erasing.chain(entering)).await {
            match did {
                Ok(did) => erased += usize::from(did),
                Err(Attempt::Right(signed_in)) if !signed_in.is_new => assert_eq!(signed_in.user.id, user),
                Err(attempt) => assert!(matches!(attempt, Attempt::Right(_) | Attempt::Expired), "{attempt:?}"),
            }
        }
        assert_eq!(erased, 1);
        assert_eq!(w.stores.users.by_id(w.realm, user).await.answered(), None);
        let back = w.stores.users.by_address(w.realm, first.address_key).await.answered();
        let after = w.stores.metering.users(w.realm).await.answered();
        assert_eq!(after, before + u64::from(back.is_some()));
    }
}
