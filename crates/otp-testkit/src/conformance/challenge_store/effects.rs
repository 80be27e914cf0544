//! Which effects each outcome leaves behind.

use otp_core::audit::{AuditEntry, AuditEvent, Target};
use otp_core::challenge::{Challenge, RESEND_AFTER};
use otp_core::effect::{Effect, MailJob, Once, Who};
use otp_core::id::UserId;
use otp_core::keys::Subject;
use otp_core::limit::{Draw, HOUR, LimitKey, Mark, Rule, Window};
use otp_core::port::{Attempt, AttemptEffects, Idempotency, Opened, Opening, Presented, Request, Settlement, Stores};
use otp_core::session::SignIn;
use otp_core::time::Timestamp;

use crate::answered::Answered;
use crate::conformance::trail::Trail;
use crate::conformance::world::World;
use crate::samples::{NOW, by_address, by_id, purpose, test_world};

/// Every outcome writes its own effects, whole, and those of no other.
pub async fn effects_follow_the_outcome(stores: Stores) {
    opening(&World::new(stores.clone())).await;
    resending(&World::new(stores.clone())).await;
    attempting(&World::new(stores.clone())).await;
    entering(&World::new(stores.clone())).await;
    the_last_entry_comes_first(&World::new(stores)).await;
}

async fn opening(w: &World) {
    let mut trail = Trail::of(w);
    let draw = |limit, refused| Draw { refused, ..w.samples.draw(w.realm, Rule::EmailHour, limit) };
    let key = w.samples.idempotency(NOW);
    let challenge = w.challenge();
    let mail = w.samples.mail(&challenge);
    let mut admitted = trail.written();
    admitted.extend(trail.written());
    admitted.push(Effect::Mail(mail.clone()));
    let at = |units, effects, draw: Draw| Draw { mark: Some(Mark { units, effects }), ..draw };
    let draws =
        vec![at(1, trail.written(), draw(1, trail.unwritten())), at(2, trail.unwritten(), draw(3, trail.unwritten()))];
    let request = Request { draws, idempotency: Some(key.clone()), admitted, ..w.samples.request(&challenge) };
    w.admit(request, NOW).await;
    trail.check().await;

    // The refusing draw tells, its neighbours do not: neither those that fit nor those that free up earlier.
    let draws = vec![
        at(1, trail.unwritten(), draw(1, trail.unwritten())),
        draw(0, trail.unwritten()),
        Draw { window: Window::Sliding(2 * HOUR), ..draw(0, trail.written()) },
    ];
    let refused = |draws| {
        let challenge = w.challenge();
        let mut admitted = trail.unwritten();
        admitted.push(Effect::Mail(w.samples.mail(&challenge)));
        Request { draws, admitted, ..w.samples.request(&challenge) }
    };
    let request = refused(draws);
    assert!(matches!(w.open(request, NOW).await, Opened::Refused { by: 2, .. }));
    trail.check().await;

    for (fingerprint, outcome) in [(key.fingerprint, "Replayed"), (w.samples.bytes(), "Mismatch")] {
        let idempotency = Some(Idempotency { fingerprint, ..key.clone() });
        let draws = vec![draw(0, trail.unwritten())];
        let admitted = [trail.unwritten(), vec![Effect::Mail(w.samples.mail(&challenge))]].concat();
        let request = Request { draws, idempotency, admitted, ..w.samples.request(&w.challenge()) };
        let answer = w.open(request, NOW).await;
        assert!(format!("{answer:?}").starts_with(outcome), "{answer:?}");
    }
    trail.check().await;
    mailed(w, NOW, &[mail]).await;
}

async fn resending(w: &World) {
    let mut trail = Trail::of(w);
    let challenge = w.opened().await;
    let due = NOW.plus(RESEND_AFTER);
    let mail = w.samples.mail(&challenge);
    let resend = |told: Vec<Effect>, admitted: Vec<Effect>| {
        let mut request = Request { admitted, ..w.samples.resend(&challenge) };
        if let Opening::Resend { refused, .. } = &mut request.opening {
            *refused = told;
        }
        request.draws.push(Draw { refused: w.unwritten(), ..w.samples.draw(w.realm, Rule::EmailHour, 1) });
        request
    };
    let early = resend(trail.written(), [trail.unwritten(), vec![Effect::Mail(w.samples.mail(&challenge))]].concat());
    assert!(matches!(w.open(early, NOW).await, Opened::Refused { by: 1, .. }));
    let admitted = [trail.written(), vec![Effect::Mail(mail.clone())]].concat();
    w.admit(resend(trail.unwritten(), admitted), due).await;
    trail.check().await;
    mailed(w, due, &[mail]).await;

    let late = resend(trail.unwritten(), [trail.unwritten(), vec![Effect::Mail(w.samples.mail(&challenge))]].concat());
    assert_eq!(w.open(late, challenge.expires_at).await, Opened::Gone);
    trail.check().await;
    mailed(w, challenge.expires_at, &[]).await;
}

/// Exactly these mails of this tenant are due at `now`. They are done with then.
async fn mailed(w: &World, now: Timestamp, mails: &[MailJob]) {
    let mut queued = Vec::new();
    for leased in w.claim_all(now).await {
        w.settle(leased.lease, Settlement::Finished, Vec::new(), now).await;
        queued.push(leased.mail);
    }
    assert_eq!(queued, mails, "mails queued");
}

/// Nothing is to be written, whatever comes of an attempt.
fn none(trail: &Trail<'_>) -> AttemptEffects {
    AttemptEffects {
        right: trail.unwritten(),
        wrong: trail.unwritten(),
        locked: trail.unwritten(),
        full: trail.unwritten(),
    }
}

async fn attempting(w: &World) {
    let mut trail = Trail::of(w);
    for by in [by_id(&w.opened().await), by_address(&w.opened().await)] {
        for left in [4, 3, 2, 1, 0] {
            let locked = if left == 0 { trail.written() } else { trail.unwritten() };
            let on = AttemptEffects { wrong: trail.written(), locked, ..none(&trail) };
            let wrong_draws = vec![Draw {
                refused: trail.unwritten(),
                mark: Some(Mark { units: 1, effects: trail.written() }),
                ..w.samples.draw(w.realm, Rule::ClientWrongHour, 1)
            }];
            let presented = Presented { on, wrong_draws, ..w.samples.wrong(by.clone()) };
            assert_eq!(w.attempt(presented, NOW).await, Attempt::Wrong { left });
            trail.check().await;
        }
        let exhausted = Presented { on: none(&trail), ..w.samples.wrong(by) };
        assert_eq!(w.attempt(exhausted, NOW).await, Attempt::Exhausted);
    }
    let dead = Presented { on: none(&trail), ..w.samples.right(&w.challenge()) };
    assert_eq!(w.attempt(dead, NOW).await, Attempt::Expired);
    trail.check().await;

    let wrong_draws = vec![
        Draw { refused: trail.unwritten(), ..w.samples.draw(w.realm, Rule::ClientHour, 1) },
        Draw { refused: trail.written(), ..w.samples.draw(w.realm, Rule::ClientWrongHour, 0) },
    ];
    let limited = Presented { on: none(&trail), wrong_draws, ..w.samples.right(&w.opened().await) };
    assert!(matches!(w.attempt(limited, NOW).await, Attempt::RateLimited(_)));
    trail.check().await;

    // A dead match is wrong in this, too.
    let closed = w.opened().await;
    w.sign_in(&closed).await;
    let newer = w.samples.sibling(&closed, NOW);
    w.put(&newer).await;
    let on = AttemptEffects { wrong: trail.written(), ..none(&trail) };
    let sign_in = Some(SignIn { created: trail.unwritten(), ..w.samples.sign_in(&closed) });
    let dead = Presented { on, sign_in, ..w.samples.matching(by_address(&newer), &closed) };
    assert_eq!(w.attempt(dead, NOW).await, Attempt::Wrong { left: 4 });
    trail.check().await;
}

/// A right code, the first time and the second: whom it signs in, only the write knows.
async fn entering(w: &World) {
    let mut trail = Trail::of(w);
    let first = w.opened().await;
    let second = Challenge { purpose: purpose("payment"), ..w.samples.sibling(&first, NOW) };
    w.put(&second).await;
    let hour = NOW.hour();
    let mut known: Option<UserId> = None;
    for challenge in [&first, &second] {
        let mut of_whoever = w.samples.audit(w.realm, AuditEvent::UserLoggedIn, NOW);
        of_whoever.target = Some(Target::SignedIn);
        let mut right = trail.written();
        right.push(Effect::Audit(of_whoever.clone()));
        right.push(Effect::Seen { realm: w.realm, who: Who::SignedIn, at: NOW });
        let mut created_whoever = w.samples.audit(w.realm, AuditEvent::UserCreated, NOW);
        created_whoever.target = Some(Target::SignedIn);

        let sign_in = w.samples.sign_in(challenge);
        let user = known.unwrap_or(sign_in.user);
        if known.is_none() {
            trail.expect(AuditEntry { target: Some(Target::User(user)), ..created_whoever.clone() });
        }
        trail.expect(AuditEntry { target: Some(Target::User(user)), ..of_whoever });
        let sign_in = Some(SignIn { created: vec![Effect::Audit(created_whoever)], ..sign_in });
        let on = AttemptEffects { right, ..none(&trail) };
        let signed_in = w.enter(Presented { on, sign_in, ..w.samples.right(challenge) }, NOW).await;
        assert_eq!(signed_in.user.id, user);
        known = Some(user);
        trail.check().await;
    }
    let seen = w.stores.metering.unique_users(w.realm, hour, hour.plus(HOUR)).await.answered();
    assert_eq!(seen, 1, "users seen");
    // What is told once may tell of whoever signs in, too.
    for told in [true, false] {
        let challenge = Challenge { purpose: purpose("address"), ..w.samples.sibling(&first, NOW) };
        w.put(&challenge).await;
        let mut of_whoever = w.samples.audit(w.realm, AuditEvent::UserLoggedIn, NOW);
        of_whoever.target = Some(Target::SignedIn);
        if told {
            trail.expect(AuditEntry { target: known.map(Target::User), ..of_whoever.clone() });
        }
        let key = LimitKey { realm: w.realm, rule: Rule::QuotaDayWarned, subject: Subject::from_bytes([0; 32]) };
        let once = Once { key, window: Window::UtcDay, effects: vec![Effect::Audit(of_whoever)] };
        let on = AttemptEffects { right: vec![Effect::Once(once)], ..AttemptEffects::default() };
        w.enter(Presented { on, ..w.samples.right(&challenge) }, NOW).await;
        trail.check().await;
    }
    // A last attempt that is right locks nothing.
    let challenge = w.opened().await;
    for _ in 0..4 {
        w.wrong(by_id(&challenge), NOW).await;
    }
    let on = AttemptEffects { right: trail.written(), ..none(&trail) };
    w.enter(Presented { on, ..w.samples.right(&challenge) }, NOW).await;
    trail.check().await;
}

/// The trail of a tenant, both its worlds, is told from its end.
async fn the_last_entry_comes_first(w: &World) {
    let mut entries = Vec::new();
    for n in 0..6 {
        let realm = if n % 2 == 0 { w.realm } else { test_world(w.realm) };
        // Times that run backwards: it is the writing that counts.
        let entry = w.samples.audit(realm, AuditEvent::OtpRequested, NOW.minus(n * HOUR));
        let challenge = w.samples.challenge(realm, NOW);
        w.admit(Request { admitted: vec![Effect::Audit(entry.clone())], ..w.samples.request(&challenge) }, NOW).await;
        entries.insert(0, entry);
    }
    assert_eq!(w.trail().await, entries);
    for max in [0, 1, 4] {
        assert_eq!(w.stores.audit.recent(w.realm.tenant, max).await.answered(), entries[..max]);
    }
    let nobody = w.samples.realm().tenant;
    assert_eq!(w.stores.audit.recent(nobody, 9).await.answered(), []);
}
