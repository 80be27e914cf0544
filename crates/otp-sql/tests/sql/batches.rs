//! Verbs written together answer as if each were alone.
//!
//! On one thread, so that all calls of a `join_all` wait before the writer has his turn: one batch.

use futures::future::join_all;
use otp_core::effect::{Counter, Effect};
use otp_core::fault::FaultKind;
use otp_core::limit::{Admission, HOUR, Rule};
use otp_core::port::{
    Attempt, ChallengeStore, Erasure, LimitStore, Metering, Opened, Outbox, Request, SessionStore, Settled, Settlement,
    UserStore,
};
use otp_testkit::samples::{NOW, Samples, by_address, by_id};

use crate::fixture::{Fixture, on_each_engine};

on_each_engine! {
    a_member_that_cannot_be_written_harms_nobody
    a_row_that_does_not_read_back_is_the_trouble_of_who_needs_it
    members_see_what_the_members_before_them_did
    two_sign_ins_of_one_address_are_one_user
    a_claim_and_a_settlement_of_one_entry_agree
    who_is_erased_does_not_come_back_by_signing_in_beside_it
}

async fn a_member_that_cannot_be_written_harms_nobody(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(1));
    let realm = samples.realm();
    let draw = samples.draw(realm, Rule::ClientHour, 100);
    let mut challenges: Vec<_> = (0..20).map(|_| samples.challenge(realm, NOW)).collect();
    challenges[13].id = challenges[7].id;
    let request = |challenge| Request {
        draws: vec![draw.clone()],
        admitted: vec![
            Effect::Mail(samples.mail(challenge)),
            Effect::Count { realm, counter: Counter::OtpRequests, at: NOW },
        ],
        ..samples.request(challenge)
    };

    let opened = join_all(challenges.iter().map(|challenge| fixture.store.open(request(challenge), NOW))).await;
    for (place, opened) in opened.iter().enumerate() {
        match opened {
            Ok(opened) => assert!(place != 13 && matches!(opened, Opened::Admitted(_)), "{place}: {opened:?}"),
            Err(fault) => assert_eq!((place, fault.kind()), (13, FaultKind::Corrupt)),
        }
    }
    for challenge in challenges.iter().take(13) {
        let live = ChallengeStore::live(&fixture.store, &by_id(challenge), NOW).await.unwrap();
        assert_eq!(live.iter().collect::<Vec<_>>(), [challenge]);
    }
    assert_eq!(fixture.store.backlog(NOW).await.unwrap().waiting, 19);
    assert_eq!(fixture.store.counts(realm, NOW.hour(), NOW.plus(HOUR)).await.unwrap()[0].count, 19);
    let Admission::Admitted(usage) = fixture.store.acquire(vec![draw], NOW).await.unwrap() else { panic!("refused") };
    assert_eq!(usage[0].remaining(), 100 - 20);
}

async fn a_row_that_does_not_read_back_is_the_trouble_of_who_needs_it(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(2));
    let realm = samples.realm();
    let draws = [0; 5].map(|_| vec![samples.draw(realm, Rule::EmailHour, 3)]);
    join_all(draws.iter().map(|draws| fixture.store.acquire(draws.clone(), NOW))).await;
    let (log, subject) = (fixture.literal(&[0]), fixture.literal(draws[2][0].key.subject.as_bytes()));
    assert_eq!(fixture.execute(&format!("UPDATE limits SET log = {log} WHERE subject = {subject}")).await, 1);

    let drawn = join_all(draws.iter().map(|draws| fixture.store.acquire(draws.clone(), NOW))).await;
    for (place, drawn) in drawn.iter().enumerate() {
        match drawn {
            Ok(Admission::Admitted(usage)) => assert_eq!((place != 2, usage[0].remaining()), (true, 1)),
            Ok(refused) => panic!("{refused:?}"),
            Err(fault) => assert_eq!((place, fault.kind()), (2, FaultKind::Corrupt)),
        }
    }
}

async fn members_see_what_the_members_before_them_did(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(3));
    let realm = samples.realm();
    let first = samples.challenge(realm, NOW);
    let second = samples.sibling(&first, NOW);
    for challenge in [&first, &second] {
        fixture.store.open(samples.request(challenge), NOW).await.unwrap();
    }

    let presented = [
        samples.wrong(by_id(&first)),
        samples.wrong(by_address(&first)),
        samples.wrong(by_id(&first)),
        samples.right(&second),
        samples.right(&first),
        samples.wrong(by_address(&first)),
    ];
    let attempts = join_all(presented.map(|presented| fixture.store.attempt(presented, NOW))).await;
    let [one, two, three, right, late, later] = attempts.try_into().unwrap();
    assert_eq!(one.unwrap(), Attempt::Wrong { left: 4 });
    assert_eq!(two.unwrap(), Attempt::Wrong { left: 4 });
    assert_eq!(three.unwrap(), Attempt::Wrong { left: 3 });
    let Attempt::Right(signed_in) = right.unwrap() else { panic!("a right code was not") };
    assert!(signed_in.is_new);
    assert_eq!((late.unwrap(), later.unwrap()), (Attempt::Expired, Attempt::Expired));
    assert_eq!(fixture.rows("challenges").await, 0);
    let live = SessionStore::live(&fixture.store, realm, signed_in.session.id, NOW).await.unwrap();
    assert_eq!(live.map(|live| live.user), Some(signed_in.user));
}

async fn two_sign_ins_of_one_address_are_one_user(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(4));
    let first = samples.challenge(samples.realm(), NOW);
    let mut second = samples.sibling(&first, NOW);
    second.purpose = "delete-account".parse().unwrap();
    for challenge in [&first, &second] {
        fixture.store.open(samples.request(challenge), NOW).await.unwrap();
    }
    let attempts =
        join_all([&first, &second].map(|challenge| fixture.store.attempt(samples.right(challenge), NOW))).await;
    let signed_in = attempts.into_iter().map(|attempt| {
        let Attempt::Right(signed_in) = attempt.unwrap() else { panic!("a right code was not") };
        (signed_in.user.id, signed_in.is_new)
    });
    let signed_in: Vec<_> = signed_in.collect();
    assert_eq!(signed_in, [(signed_in[0].0, true), (signed_in[0].0, false)]);
    assert_eq!((fixture.rows("users").await, fixture.rows("sessions").await), (1, 2));
}

async fn a_claim_and_a_settlement_of_one_entry_agree(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(15));
    let challenge = samples.challenge(samples.realm(), NOW);
    let admitted = vec![Effect::Mail(samples.mail(&challenge))];
    fixture.store.open(Request { admitted, ..samples.request(&challenge) }, NOW).await.unwrap();
    let slow = fixture.store.claim(NOW, HOUR, 1).await.unwrap()[0].lease;

    let claim = fixture.store.claim(slow.until, HOUR, 1);
    let settle = fixture.store.settle(slow, Settlement::Finished, Vec::new(), slow.until);
    let (claimed, settled) = futures::join!(claim, settle);
    let left = fixture.store.backlog(slow.until).await.unwrap().waiting;
    assert_eq!((claimed.unwrap().len(), settled.unwrap(), left), (1, Settled::LeaseLost, 1));
}

async fn who_is_erased_does_not_come_back_by_signing_in_beside_it(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(20));
    let realm = samples.realm();
    let first = samples.challenge(realm, NOW);
    fixture.store.open(samples.request(&first), NOW).await.unwrap();
    let Attempt::Right(known) = fixture.store.attempt(samples.right(&first), NOW).await.unwrap() else {
        panic!("wrong")
    };
    let again = samples.sibling(&first, NOW);
    fixture.store.open(samples.request(&again), NOW).await.unwrap();

    let entering = fixture.store.attempt(samples.right(&again), NOW);
    let (entered, erased) = futures::join!(entering, fixture.store.erase(realm, known.user.id, Vec::new(), NOW));
    assert!(matches!(entered.unwrap(), Attempt::Right(_)) && erased.unwrap().is_some());
    assert_eq!(fixture.store.by_id(realm, known.user.id).await.unwrap(), None);
    assert_eq!(fixture.store.users(realm).await.unwrap(), 0);
}
