//! Cases of [`SessionStore`](otp_core::port::SessionStore).

use std::time::Duration;

use futures::FutureExt;
use otp_core::challenge::Challenge;
use otp_core::effect::Counter;
use otp_core::id::SessionId;
use otp_core::port::{Presented, Revocation, Revoked, Rotated, Rotation, SignedIn, Stores};
use otp_core::realm::Realm;
use otp_core::session::{Lifetimes, LiveSession, REPLAY_GRACE, Session, SignIn};

use super::race::{ROUNDS, count, race};
use super::trail::Trail;
use super::world::{TICK, World};
use crate::samples::{NOW, purpose, test_world};

/// Lifetimes within which cases can see both ends.
const SHORT: Lifetimes =
    Lifetimes { access: Duration::from_secs(60), idle: Duration::from_secs(600), absolute: Duration::from_secs(1_500) };

impl World {
    /// A fresh user's session with [`SHORT`] lifetimes.
    async fn short_session(&self) -> SignedIn {
        let challenge = self.opened().await;
        let sign_in = Some(SignIn { lifetimes: SHORT, ..self.samples.sign_in(&challenge) });
        self.enter(Presented { sign_in, ..self.samples.right(&challenge) }, NOW).await
    }

    /// The refresh of `session` with a token of `generation`.
    fn refresh(&self, session: &Session, generation: u32) -> Rotation {
        Rotation { idle: SHORT.idle, ..self.samples.rotation(session.realm, session.id, generation) }
    }

    fn ending(&self, session: &Session) -> Revocation {
        self.samples.revocation(session.realm, Revoked::One(session.id))
    }
}

/// The session a rotation answered with.
fn next(rotated: Rotated) -> LiveSession {
    match rotated {
        Rotated::Rotated(live) => *live,
        other @ (Rotated::Replay(_) | Rotated::Reused | Rotated::Gone) => panic!("not rotated: {other:?}"),
    }
}

/// Ended is dead, for every verb; ended twice is ended once; what was not live causes nothing.
pub async fn a_revoked_session_is_dead(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let SignedIn { user, session, .. } = w.signed_in().await;
    let live = LiveSession { session: session.clone(), user: user.clone() };
    assert_eq!(w.session(w.realm, session.id, NOW).await, Some(live));
    assert_eq!(w.revoke(Revocation { effects: trail.written(), ..w.ending(&session) }, NOW).await, 1);
    assert_eq!(w.session(w.realm, session.id, NOW).await, None);
    let rotation = Rotation { rotated: trail.unwritten(), reused: trail.unwritten(), ..w.refresh(&session, 0) };
    assert_eq!(w.rotate(rotation, NOW).await, Rotated::Gone);
    for which in [Revoked::One(session.id), Revoked::AllOf(user.id), Revoked::One(w.samples.id(SessionId::generate))] {
        let again = Revocation { effects: trail.unwritten(), ..w.samples.revocation(w.realm, which) };
        assert_eq!(w.revoke(again, NOW).await, 0);
    }
    // One that ran out by itself is not ended once more.
    let short = w.short_session().await.session;
    let late = Revocation { effects: trail.unwritten(), ..w.ending(&short) };
    assert_eq!(w.revoke(late, short.idle_expires_at).await, 0);
    trail.check().await;

    for round in 1..=ROUNDS as u64 / 5 {
        let session = w.signed_in().await.session;
        let effects = vec![w.count(Counter::SuccessfulLogins)];
        let ended = race((0..10).map(|n| {
            let which = if n % 2 == 0 { Revoked::One(session.id) } else { Revoked::AllOf(session.user) };
            let revocation = Revocation { effects: effects.clone(), ..w.samples.revocation(w.realm, which) };
            // A refresh at the same moment does not bring it back.
            let rotating = w.rotate(w.refresh(&session, 0), NOW);
            let revoking = w.revoke(revocation, NOW);
            async move {
                if n < 2 {
                    rotating.await;
                }
                revoking.await
            }
        }))
        .await;
        assert_eq!(ended.iter().sum::<u64>(), 1, "sessions ended");
        assert_eq!(w.counted(Counter::SuccessfulLogins).await, round, "effects written");
        assert_eq!(w.session(w.realm, session.id, NOW).await, None);
    }
    for _ in 0..ROUNDS / 5 {
        let session = w.signed_in().await.session;
        race([
            w.rotate(w.refresh(&session, 0), NOW).map(drop).boxed(),
            w.revoke(w.ending(&session), NOW).map(drop).boxed(),
        ])
        .await;
        assert_eq!(w.session(w.realm, session.id, NOW).await, None, "a refresh brought it back");
    }
}

/// Dead at its idle end, dead at its absolute end, and alive the moment before.
pub async fn sessions_run_out(stores: Stores) {
    let w = World::new(stores);
    let session = w.short_session().await.session;
    let (idle, absolute) = (session.idle_expires_at, session.expires_at);
    assert_eq!((idle, absolute), (NOW.plus(SHORT.idle), NOW.plus(SHORT.absolute)));
    assert!(w.session(w.realm, session.id, idle.minus(TICK)).await.is_some());
    assert_eq!(w.session(w.realm, session.id, idle).await, None);
    assert_eq!(w.rotate(w.refresh(&session, 0), idle).await, Rotated::Gone);

    // Refreshed again and again, it still ends.
    let session = w.short_session().await.session;
    let mut generation = 0;
    for seconds in [500, 1_000, 1_400] {
        let now = NOW.plus(Duration::from_secs(seconds));
        assert_eq!(next(w.rotate(w.refresh(&session, generation), now).await).session.expires_at, absolute);
        generation += 1;
    }
    assert!(w.session(w.realm, session.id, absolute.minus(TICK)).await.is_some());
    assert_eq!(w.session(w.realm, session.id, absolute).await, None);
    assert_eq!(w.rotate(w.refresh(&session, generation), absolute).await, Rotated::Gone);
    // An old token of a session that ran out is no reuse: there is nothing left to end.
    assert_eq!(w.rotate(w.refresh(&session, 0), absolute).await, Rotated::Gone);
    assert_eq!(w.revoke(w.ending(&session), absolute).await, 0);

    // An idle time longer than the session's own end does not carry it over that.
    let session = w.short_session().await.session;
    let long = Rotation { idle: SHORT.absolute * 2, ..w.refresh(&session, 0) };
    next(w.rotate(long, NOW).await);
    assert!(w.session(w.realm, session.id, absolute.minus(TICK)).await.is_some());
    assert_eq!(w.session(w.realm, session.id, absolute).await, None);
}

/// A session is nobody's but its realm's, even where another realm has one of the same id.
pub async fn sessions_keep_to_their_realm(stores: Stores) {
    let w = World::new(stores);
    let first = w.challenge();
    let realms = [w.realm, test_world(w.realm), w.samples.realm()];
    let sign_in = w.samples.sign_in(&first);
    for realm in realms {
        let twin = Challenge { realm, ..first.clone() };
        w.put(&twin).await;
        w.enter(Presented { sign_in: Some(sign_in.clone()), ..w.samples.right(&twin) }, NOW).await;
    }
    let rotation = |realm: Realm, generation| w.samples.rotation(realm, sign_in.session, generation);
    next(w.rotate(rotation(realms[0], 0), NOW).await);
    let generation = async |realm| {
        w.session(realm, sign_in.session, NOW).await.map(|live| (live.session.realm, live.session.generation))
    };
    assert_eq!(generation(realms[0]).await, Some((realms[0], 1)));
    assert_eq!(generation(realms[1]).await, Some((realms[1], 0)));
    assert_eq!(generation(realms[2]).await, Some((realms[2], 0)));
    let ends = [Revoked::One(sign_in.session), Revoked::AllOf(sign_in.user), Revoked::One(sign_in.session)];
    for (nth, which) in ends.into_iter().enumerate() {
        assert_eq!(w.revoke(w.samples.revocation(realms[nth], which), NOW).await, 1);
        for (other, realm) in realms.into_iter().enumerate() {
            assert_eq!(generation(realm).await.is_some(), other > nth, "ended by another realm");
        }
    }

    // Where there is none of that id, none is found: neither the other world's nor another tenant's.
    for (home, abroad) in [(realms[0], realms[1]), (realms[1], realms[0]), (realms[0], realms[2])] {
        let challenge = w.samples.challenge(home, NOW);
        w.put(&challenge).await;
        let session = w.sign_in(&challenge).await.session;
        assert_eq!(w.session(abroad, session.id, NOW).await, None);
        assert_eq!(w.rotate(w.samples.rotation(abroad, session.id, 0), NOW).await, Rotated::Gone);
        for which in [Revoked::One(session.id), Revoked::AllOf(session.user)] {
            assert_eq!(w.revoke(w.samples.revocation(abroad, which), NOW).await, 0);
        }
        assert!(w.session(home, session.id, NOW).await.is_some());
    }
}

/// A token refreshed by many at once is refreshed once.
pub async fn rotation_is_single(stores: Stores) {
    let w = World::new(stores);
    for round in 1..=ROUNDS as u64 / 5 {
        let session = w.signed_in().await.session;
        let effects = vec![w.count(Counter::EmailsSent)];
        let rotation = Rotation { rotated: effects.clone(), ..w.refresh(&session, 0) };
        let answers = race((0..100).map(|_| w.rotate(rotation.clone(), NOW))).await;
        assert_eq!(count(&answers, |answer| matches!(answer, Rotated::Rotated(_))), 1);
        assert_eq!(count(&answers, |answer| matches!(answer, Rotated::Replay(_))), 99);
        let live = w.session(w.realm, session.id, NOW).await;
        assert_eq!(live.as_ref().map(|live| live.session.generation), Some(1));
        for answer in answers {
            if let Rotated::Rotated(told) | Rotated::Replay(told) = answer {
                assert_eq!(Some(*told), live, "all are told the same");
            }
        }
        // Without a grace the others find their token dead.
        let session = w.signed_in().await.session;
        let rotation = Rotation { rotated: effects, grace: None, ..w.refresh(&session, 0) };
        let answers = race((0..100).map(|_| w.rotate(rotation.clone(), NOW))).await;
        assert_eq!(count(&answers, |answer| matches!(answer, Rotated::Rotated(_))), 1);
        assert_eq!(count(&answers, |answer| *answer == Rotated::Gone), 99);
        assert_eq!(w.counted(Counter::EmailsSent).await, 2 * round, "effects written");
    }
}

/// Who did not get the answer may ask again for a moment, while nobody has used it.
pub async fn a_replay_within_grace(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let at = NOW.plus(Duration::from_secs(60));
    let session = w.short_session().await.session;
    let rotated =
        w.rotate(Rotation { rotated: trail.written(), reused: trail.unwritten(), ..w.refresh(&session, 0) }, at).await;
    let live = next(rotated);
    for now in [at, at.plus(REPLAY_GRACE).minus(TICK), at.plus(REPLAY_GRACE)] {
        let quiet = Rotation { rotated: trail.unwritten(), reused: trail.unwritten(), ..w.refresh(&session, 0) };
        assert_eq!(w.rotate(quiet, now).await, Rotated::Replay(Box::new(live.clone())), "at {now}");
        assert_eq!(w.session(w.realm, session.id, now).await.as_ref(), Some(&live), "a replay wrote something");
    }
    trail.check().await;

    // The grace is counted from the last replacement, and is what the request says it is.
    let longer = Rotation { grace: Some(2 * REPLAY_GRACE), ..w.refresh(&session, 0) };
    let late = at.plus(2 * REPLAY_GRACE);
    assert!(matches!(w.rotate(longer, late).await, Rotated::Replay(_)));
    next(w.rotate(w.refresh(&session, 1), late).await);
    assert!(matches!(w.rotate(w.refresh(&session, 1), late.plus(REPLAY_GRACE)).await, Rotated::Replay(_)));
    // The successor has been used by now, so its predecessor has no grace any more.
    assert_eq!(w.rotate(w.refresh(&session, 0), late.plus(REPLAY_GRACE)).await, Rotated::Reused);
}

/// A replaced token presented late ends the session, once, and no other session.
pub async fn reuse_ends_the_session(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let grace = REPLAY_GRACE + TICK;
    // One generation old and a tick late; two generations old, however soon.
    for (refreshed, wait) in [(1, grace), (2, Duration::ZERO), (5, grace)] {
        let first = w.opened().await;
        let signed_in = w.sign_in(&first).await;
        let second = w.samples.sibling(&first, NOW);
        w.put(&second).await;
        let other = w.sign_in(&second).await.session;
        let session = signed_in.session;
        for generation in 0..refreshed {
            next(w.rotate(w.refresh(&session, generation), NOW).await);
        }
        let now = NOW.plus(wait);
        let reuse = Rotation { rotated: trail.unwritten(), reused: trail.written(), ..w.refresh(&session, 0) };
        assert_eq!(w.rotate(reuse, now).await, Rotated::Reused);
        assert_eq!(w.session(w.realm, session.id, now).await, None, "a session outlived the reuse of its token");
        for generation in 0..=refreshed {
            let dead =
                Rotation { rotated: trail.unwritten(), reused: trail.unwritten(), ..w.refresh(&session, generation) };
            assert_eq!(w.rotate(dead, now).await, Rotated::Gone);
        }
        assert_eq!(w.revoke(w.ending(&session), now).await, 0);
        assert!(w.session(w.realm, other.id, now).await.is_some(), "a session of the same user ended too");
        trail.check().await;
    }
    // Presented by many at once, it ends the session once.
    for round in 1..=ROUNDS as u64 / 5 {
        let session = w.signed_in().await.session;
        next(w.rotate(w.refresh(&session, 0), NOW).await);
        next(w.rotate(w.refresh(&session, 1), NOW).await);
        let reuse = Rotation { reused: vec![w.count(Counter::EmailsFailed)], ..w.refresh(&session, 0) };
        let answers = race((0..10).map(|_| w.rotate(reuse.clone(), NOW))).await;
        assert_eq!(count(&answers, |answer| *answer == Rotated::Reused), 1);
        assert_eq!(count(&answers, |answer| *answer == Rotated::Gone), 9);
        assert_eq!(w.counted(Counter::EmailsFailed).await, round, "effects written");
    }
}

/// A replaced token that has no grace is dead and nothing else.
pub async fn a_stale_token_without_grace_is_dead(stores: Stores) {
    let w = World::new(stores);
    let trail = Trail::of(&w);
    let session = w.signed_in().await.session;
    let mut live = None;
    for generation in 0..3 {
        let rotation = Rotation { grace: None, ..w.refresh(&session, generation) };
        live = Some(next(w.rotate(rotation, NOW).await));
    }
    for generation in 0..3 {
        let stale = Rotation {
            grace: None,
            rotated: trail.unwritten(),
            reused: trail.unwritten(),
            ..w.refresh(&session, generation)
        };
        for now in [NOW, NOW.plus(2 * REPLAY_GRACE)] {
            assert_eq!(w.rotate(stale.clone(), now).await, Rotated::Gone);
            assert_eq!(w.session(w.realm, session.id, now).await, live, "it changed the session");
        }
    }
    trail.check().await;
}

/// A refresh moves the idle end and nothing else of a session but its generation and last use.
pub async fn rotation_moves_the_idle_end(stores: Stores) {
    let w = World::new(stores);
    let SignedIn { user, session, .. } = w.short_session().await;
    let mut expected = LiveSession { session, user };
    let mut now = NOW;
    // The second brings the end nearer.
    for idle in [600, 250, 400] {
        now = now.plus(Duration::from_secs(200));
        let idle = Duration::from_secs(idle);
        let before = expected.session.generation;
        expected.session.generation += 1;
        expected.session.last_used_at = now;
        expected.session.idle_expires_at = now.plus(idle);
        let rotation = Rotation { idle, ..w.refresh(&expected.session, before) };
        assert_eq!(next(w.rotate(rotation, now).await), expected);
        assert_eq!(w.session(w.realm, expected.session.id, now).await.as_ref(), Some(&expected));
    }
    let idle_end = expected.session.idle_expires_at;
    assert_eq!(w.session(w.realm, expected.session.id, idle_end.minus(TICK)).await.as_ref(), Some(&expected));
    assert_eq!(w.session(w.realm, expected.session.id, idle_end).await, None);
}

/// All sessions of a user end together, and none of anybody else.
pub async fn everywhere_means_everywhere(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let first = w.challenge();
    let mut sessions = Vec::new();
    for n in 0..4 {
        let challenge = Challenge { purpose: purpose(&format!("purpose-{n}")), ..w.samples.sibling(&first, NOW) };
        w.put(&challenge).await;
        sessions.push(w.sign_in(&challenge).await.session);
    }
    let user = sessions[0].user;
    // The same user id in the test world is another user.
    let twin = Challenge { realm: test_world(w.realm), ..w.samples.sibling(&first, NOW) };
    w.put(&twin).await;
    let sign_in = Some(SignIn { user, ..w.samples.sign_in(&twin) });
    let twin = w.enter(Presented { sign_in, ..w.samples.right(&twin) }, NOW).await.session;
    let stranger = w.signed_in().await.session;
    w.revoke(w.ending(&sessions[3]), NOW).await;

    let everywhere = |effects| Revocation { effects, ..w.samples.revocation(w.realm, Revoked::AllOf(user)) };
    assert_eq!(w.revoke(everywhere(trail.written()), NOW).await, 3, "those that were live");
    for session in &sessions {
        assert_eq!(w.session(w.realm, session.id, NOW).await, None);
    }
    for session in [&twin, &stranger] {
        assert!(w.session(session.realm, session.id, NOW).await.is_some(), "a session of somebody else ended");
    }
    assert_eq!(w.revoke(everywhere(trail.unwritten()), NOW).await, 0);
    trail.check().await;
    // He may sign in again.
    let again = w.samples.sibling(&first, NOW);
    w.put(&again).await;
    let session = w.sign_in(&again).await.session;
    assert_eq!(session.user, user);
    assert!(w.session(w.realm, session.id, NOW).await.is_some());
}
