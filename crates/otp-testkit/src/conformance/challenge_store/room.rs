//! Right codes of people for whom there may be no room.

use otp_core::challenge::{Challenge, Lookup};
use otp_core::effect::Counter;
use otp_core::port::{Attempt, AttemptEffects, Presented, Stores};
use otp_core::realm::Realm;
use otp_core::session::SignIn;

use crate::answered::Answered;
use crate::conformance::race::{ROUNDS, count, race};
use crate::conformance::trail::Trail;
use crate::conformance::world::World;
use crate::samples::{NOW, by_address, by_id, purpose};

/// The code of `challenge`, presented by `by`, where there may be `max` users.
fn within(w: &World, max: u32, by: Lookup, challenge: &Challenge) -> Presented {
    let created = vec![w.count(Counter::NewUsers)];
    let sign_in = SignIn { max_users: Some(max), created, ..w.samples.sign_in(challenge) };
    Presented { sign_in: Some(sign_in), ..w.samples.matching(by, challenge) }
}

async fn users(w: &World, realm: Realm) -> u64 {
    w.stores.metering.users(realm).await.answered()
}

/// Many come for the first time, at once: as many get in as there is room for. Whoever has been there before
/// always does.
pub async fn no_more_users_than_allowed(stores: Stores) {
    let w = World::new(stores);
    let (mut max, mut known): (u32, Vec<Challenge>) = (0, Vec::new());
    for round in 0..ROUNDS / 5 {
        // Room for none, for some, and for one.
        max += [0, 5, 1][round % 3];
        let mut newcomers = Vec::new();
        for _ in 0..20 {
            newcomers.push(w.opened().await);
        }
        let mut regulars = Vec::new();
        for before in &known {
            let challenge = w.samples.sibling(before, NOW);
            w.put(&challenge).await;
            regulars.push(challenge);
        }
        // In between an address that comes twice, which is one user at most.
        let twin = Challenge { purpose: purpose("twin"), ..w.samples.sibling(&newcomers[0], NOW) };
        w.put(&twin).await;
        let by = if round % 2 == 0 { by_id } else { |challenge: &Challenge| by_address(challenge) };
        let arriving = newcomers.iter().chain([&twin]).chain(&regulars).cloned();
        let racers = arriving.map(|challenge| {
            let attempt = w.attempt(within(&w, max, by(&challenge), &challenge), NOW);
            async move { (challenge, attempt.await) }
        });
        let answers = race(racers).await;
        let entered: Vec<&Challenge> = answers
            .iter()
            .filter(|(_, answer)| matches!(answer, Attempt::Right(_)))
            .map(|(challenge, _)| challenge)
            .collect();
        let turned_away = count(&answers, |(_, answer)| *answer == Attempt::UserLimit);
        assert_eq!(entered.len() + turned_away, answers.len(), "{answers:?}");
        for regular in &regulars {
            assert!(entered.contains(&regular), "a user was turned away");
        }
        for entered in entered {
            if known.iter().all(|known| known.address_key != entered.address_key) {
                known.push(entered.clone());
            }
        }
        assert_eq!(known.len(), max as usize, "those who have been let in");
        assert_eq!(users(&w, w.realm).await, u64::from(max));
        assert_eq!(w.counted(Counter::NewUsers).await, u64::from(max), "effects of a first time");
    }
    // Without a bound there is room for all; with a lower one than there are users, for none but those.
    let newcomer = w.opened().await;
    w.sign_in(&newcomer).await;
    let challenges = [w.opened().await, w.samples.sibling(&newcomer, NOW)];
    w.put(&challenges[1]).await;
    let attempts = challenges.each_ref().map(|challenge| w.attempt(within(&w, 1, by_id(challenge), challenge), NOW));
    let [stranger, regular] = attempts;
    assert_eq!(stranger.await, Attempt::UserLimit);
    assert!(matches!(regular.await, Attempt::Right(_)));
    assert_eq!(users(&w, w.realm).await, u64::from(max) + 1);
}

/// A right code for which there is no room is used up, with all its siblings, and opens nothing.
pub async fn a_code_without_room_is_spent(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    for by in [by_id as fn(&Challenge) -> Lookup, by_address] {
        let challenge = w.opened().await;
        let sibling = w.samples.sibling(&challenge, NOW);
        w.put(&sibling).await;
        let presented = within(&w, 0, by(&sibling), &sibling);
        let session = presented.sign_in.as_ref().map(|sign_in| sign_in.session);
        let on = AttemptEffects {
            right: trail.unwritten(),
            wrong: trail.unwritten(),
            locked: trail.unwritten(),
            full: trail.written(),
        };
        let draw = w.samples.draw(w.realm, otp_core::limit::Rule::ClientWrongHour, 1);
        let presented = Presented { on, wrong_draws: vec![draw.clone()], ..presented };
        assert_eq!(w.attempt(presented, NOW).await, Attempt::UserLimit);
        trail.check().await;
        for spent in [&challenge, &sibling] {
            assert_eq!(w.live(&by_id(spent), NOW).await, []);
            assert_eq!(w.attempt(w.samples.right(spent), NOW).await, Attempt::Expired);
        }
        let opened = w.session(w.realm, session.unwrap_or_else(|| panic!("no session asked for")), NOW).await;
        assert_eq!(opened, None);
        // It was no wrong one.
        let usage = w.stores.limits.usage(&[draw], NOW).await.answered();
        assert_eq!(usage[0].drawn, 0);
        // Once there is room, its address is as new as any.
        let again = w.samples.sibling(&challenge, NOW);
        w.put(&again).await;
        assert!(w.sign_in(&again).await.is_new);
    }
    assert_eq!((users(&w, w.realm).await, w.counted(Counter::NewUsers).await), (2, 0));
}
