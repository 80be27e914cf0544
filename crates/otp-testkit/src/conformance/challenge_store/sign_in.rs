//! What a right code does.

use otp_core::challenge::{Challenge, Lookup, RESEND_AFTER};
use otp_core::effect::{Counter, Effect};
use otp_core::limit::DAY;
use otp_core::port::{Attempt, AttemptEffects, Opened, Presented, Request, Revoked, Stores};
use otp_core::session::{LiveSession, SignIn};

use crate::conformance::race::{ROUNDS, count, race};
use crate::conformance::world::World;
use crate::samples::{NOW, by_address, by_id, purpose, test_world};

/// Two hundred right codes at once, of one challenge or of two side by side: one signs in.
pub async fn one_success(stores: Stores) {
    let w = World::new(stores);
    let effects = AttemptEffects { right: vec![w.count(Counter::SuccessfulLogins)], ..AttemptEffects::default() };
    for round in 0..ROUNDS {
        let first = w.opened().await;
        let second = w.samples.sibling(&first, NOW);
        w.put(&second).await;
        let racers: Vec<Presented> = (0..200)
            .map(|n| {
                let matched = if n % 2 == 0 { &first } else { &second };
                let by = match round % 3 {
                    0 => by_id(&first),
                    1 => by_address(&first),
                    _ => by_id(matched),
                };
                let matched = if round % 3 == 0 { &first } else { matched };
                Presented { on: effects.clone(), ..w.samples.matching(by, matched) }
            })
            .collect();
        let answers = race(racers.into_iter().map(|racer| w.attempt(racer, NOW))).await;

        assert_eq!(count(&answers, |answer| matches!(answer, Attempt::Right(_))), 1, "successes");
        assert_eq!(count(&answers, |answer| *answer == Attempt::Expired), 199, "who came too late found nothing");
        let winner = answers.iter().find_map(|answer| match answer {
            Attempt::Right(signed_in) => Some(signed_in.user.id),
            Attempt::Wrong { .. }
            | Attempt::UserLimit
            | Attempt::AccountExists
            | Attempt::Expired
            | Attempt::Exhausted
            | Attempt::RateLimited(_) => None,
        });
        let everywhere = winner.map(|user| w.samples.revocation(w.realm, Revoked::AllOf(user)));
        assert_eq!(w.revoke(everywhere.unwrap_or_else(|| panic!("nobody won")), NOW).await, 1, "sessions opened");
        assert_eq!(w.counted(Counter::SuccessfulLogins).await, round as u64 + 1, "effects written");
    }
}

/// A success closes every live challenge of its address and purpose, those pushed out of the newest
/// three too, and no other.
pub async fn success_ends_siblings(stores: Stores) {
    let w = World::new(stores);
    for by in [by_id as fn(&Challenge) -> Lookup, by_address] {
        for winner in 1..5 {
            let mut siblings = vec![w.opened().await];
            for _ in 0..4 {
                let sibling = w.samples.sibling(&siblings[0], NOW);
                w.put(&sibling).await;
                siblings.push(sibling);
            }
            // By the address only the newest three are compared.
            let winner = if by(&siblings[0]) == by_address(&siblings[0]) { winner.max(2) } else { winner };
            // One sibling has no attempts left; it is live all the same.
            for _ in 0..siblings[0].max_attempts {
                w.wrong(by_id(&siblings[0]), NOW).await;
            }
            let payment = Challenge { purpose: purpose("payment"), ..w.samples.sibling(&siblings[0], NOW) };
            let stranger = w.opened().await;
            w.put(&payment).await;

            let right = w.samples.matching(by(&siblings[winner]), &siblings[winner]);
            w.enter(right, NOW).await;
            for dead in &siblings {
                assert_eq!(w.live(&by_id(dead), NOW).await, []);
                assert_eq!(w.attempt(w.samples.right(dead), NOW).await, Attempt::Expired);
                let later = NOW.plus(RESEND_AFTER);
                assert_eq!(w.open(w.samples.resend(dead), later).await, Opened::Gone);
            }
            assert_eq!(w.live(&by_address(&siblings[0]), NOW).await, []);
            assert_eq!(w.live_ids(&by_address(&payment), NOW).await, [payment.id]);
            assert_eq!(w.live_ids(&by_id(&stranger), NOW).await, [stranger.id]);
            // What is opened from here on is not touched by a success before.
            let next = w.samples.sibling(&siblings[0], NOW);
            w.put(&next).await;
            assert_eq!(w.live_ids(&by_address(&next), NOW).await, [next.id]);
        }
    }
}

/// However many codes of an address are right at the same time, they sign in one user.
pub async fn one_user_per_address(stores: Stores) {
    let w = World::new(stores);
    for round in 1..=20 {
        let first = w.challenge();
        let mut racers = Vec::new();
        for n in 0..20 {
            // One for each purpose, so that no success ends another.
            let purpose = purpose(&format!("purpose-{n}"));
            let challenge = Challenge { purpose, ..w.samples.sibling(&first, NOW) };
            w.put(&challenge).await;
            let sign_in = SignIn { created: vec![w.count(Counter::NewUsers)], ..w.samples.sign_in(&challenge) };
            racers.push((challenge.clone(), Presented { sign_in: Some(sign_in), ..w.samples.right(&challenge) }));
        }
        let answers = race(racers.iter().map(|(_, presented)| w.attempt(presented.clone(), NOW))).await;
        let mut users = Vec::new();
        let mut new = Vec::new();
        for answer in answers {
            let Attempt::Right(signed_in) = answer else { panic!("{answer:?}") };
            assert_eq!(signed_in.session.user, signed_in.user.id);
            users.push(signed_in.user.id);
            new.extend(signed_in.is_new.then_some(signed_in));
        }
        users.dedup();
        assert_eq!((users.len(), new.len()), (1, 1), "users, and first times");
        assert_eq!(w.counted(Counter::NewUsers).await, round, "effects of a first time");
        let opened_by =
            racers.iter().flat_map(|(_, racer)| &racer.sign_in).find(|sign_in| sign_in.session == new[0].session.id);
        assert_eq!(opened_by.map(|sign_in| sign_in.user), Some(users[0]), "a new user has the id of that sign-in");
    }

    // As it is told, and as it is kept.
    let challenge = Challenge { purpose: purpose("payment"), ..w.challenge() };
    w.put(&challenge).await;
    let presented = w.samples.right(&challenge);
    let sign_in = presented.sign_in.clone().unwrap_or_else(|| w.samples.sign_in(&challenge));
    let first = w.enter(presented, NOW).await;
    let session = sign_in.open(sign_in.user, w.realm, challenge.purpose.clone(), NOW);
    assert!(first.is_new);
    assert_eq!(first.session, session);
    let user = &first.user;
    assert_eq!((user.id, user.realm, user.address_key), (sign_in.user, w.realm, challenge.address_key));
    assert_eq!((&user.address, user.created_at, user.last_login_at), (&sign_in.address, NOW, NOW));
    let live = w.session(w.realm, session.id, NOW).await;
    assert_eq!(live, Some(LiveSession { session, user: user.clone() }));

    let later = NOW.plus(DAY);
    let again = w.samples.sibling(&challenge, later);
    w.put(&again).await;
    let second = w.enter(w.samples.right(&again), later).await;
    assert!(!second.is_new);
    assert_eq!((second.user.id, second.user.created_at, second.user.last_login_at), (user.id, NOW, later));
    assert_ne!(w.signed_in().await.user.id, user.id, "another address is another user");
}

/// Mail goes to the address as it was first verified, whatever is typed afterwards.
pub async fn mail_goes_where_first_verified(stores: Stores) {
    let w = World::new(stores);
    let first = w.challenge();
    let mail = |challenge: &Challenge| {
        let mail = vec![Effect::Mail(w.samples.mail(challenge))];
        w.open(Request { admitted: mail, ..w.samples.request(challenge) }, NOW)
    };
    mail(&first).await;
    let claimed = w.claim_all(NOW).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].known_as, None, "nobody has signed in");
    let verified = w.sign_in(&first).await.user.address;
    assert_eq!(verified, first.address);

    // The second sign-in seals another spelling of the address.
    let second = w.samples.sibling(&first, NOW);
    w.put(&second).await;
    assert_ne!(second.address, first.address);
    assert_eq!(w.sign_in(&second).await.user.address, verified);

    let third = w.samples.sibling(&first, NOW);
    let stranger = w.challenge();
    let elsewhere = Challenge { realm: test_world(w.realm), ..w.samples.sibling(&first, NOW) };
    for challenge in [&third, &stranger, &elsewhere] {
        mail(challenge).await;
    }
    let claimed = w.claim_all(NOW).await;
    assert_eq!(claimed.len(), 3);
    for leased in claimed {
        let known = leased.mail.letter.challenge() == Some(third.id);
        assert_eq!(leased.known_as, known.then(|| verified.clone()), "{:?}", leased.mail);
    }
}
