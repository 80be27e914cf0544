//! Several stores on one database, each as a node of its own would have it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use otp_core::challenge::Challenge;
use otp_core::effect::{Counter, Effect, Once};
use otp_core::limit::{Admission, Draw, HOUR, LimitKey, Mark, Rule, Window};
use otp_core::port::{
    Attempt, ChallengeStore, LimitStore, Metering, Opened, Outbox, Presented, Request, Rotated, SessionStore, Settled,
    Settlement, TenantStore,
};
use otp_core::session::SignIn;
use otp_core::tenant::Tenant;
use otp_sql::SqlStore;
use otp_testkit::samples::{NOW, Samples, by_address};

use crate::fixture::{Fixture, on_each_engine};

on_each_engine! {
    nodes_share_a_limit_exactly
    nodes_let_one_code_win_once_and_count_every_attempt
    nodes_make_one_user_of_one_address
    nodes_share_the_room_for_users
    nodes_open_one_account_of_one_owner
    nodes_tell_of_a_quota_once
    nodes_answer_one_key_once
    nodes_share_a_backlog_and_count_exactly
    nodes_rotate_once
}

const NODES: usize = 3;
const ROUNDS: usize = 20;

/// The store of the fixture, and more on the same database.
async fn nodes(fixture: Fixture) -> (Fixture, Vec<SqlStore>) {
    let fixture = fixture.with_tables().await;
    let nodes = join_all((0..NODES).map(|_| fixture.beside())).await;
    (fixture, nodes)
}

async fn nodes_share_a_limit_exactly(fixture: Fixture) {
    let ((_fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(7));
    for _ in 0..ROUNDS {
        // Fresh counters, which nobody could lock before they are there; and in either order.
        let draws =
            [samples.draw(samples.realm(), Rule::ClientHour, 25), samples.draw(samples.realm(), Rule::EmailDay, 40)];
        let calls = nodes.iter().cycle().take(60).enumerate().map(|(place, store)| {
            let mut draws = draws.to_vec();
            if place % 2 == 0 {
                draws.reverse();
            }
            store.acquire(draws, NOW)
        });
        let drawn = join_all(calls).await;
        let admitted = drawn.iter().filter(|drawn| matches!(drawn.as_ref().unwrap(), Admission::Admitted(_))).count();
        assert_eq!(admitted, 25);
        let left = nodes[0].usage(&draws, NOW).await.unwrap();
        assert_eq!((left[0].remaining(), left[1].remaining()), (0, 15), "a refusal spent something");
    }
}

async fn nodes_let_one_code_win_once_and_count_every_attempt(fixture: Fixture) {
    let ((fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(8));
    for _ in 0..ROUNDS {
        let realm = samples.realm();
        let first = samples.challenge(realm, NOW);
        let second = samples.sibling(&first, NOW);
        for challenge in [&first, &second] {
            fixture.store.open(samples.request(challenge), NOW).await.unwrap();
        }
        let wrong = nodes.iter().cycle().take(12).map(|store| store.attempt(samples.wrong(by_address(&first)), NOW));
        let wrong = join_all(wrong).await;
        let answered =
            wrong.iter().filter(|attempt| matches!(attempt.as_ref().unwrap(), Attempt::Wrong { .. })).count();
        assert_eq!(answered, 5);
        // Siblings are tried by id on different nodes: each would close the other.
        let right = nodes.iter().cycle().take(12).enumerate().map(|(place, store)| {
            let challenge = if place % 2 == 0 { &first } else { &second };
            store.attempt(samples.right(challenge), NOW)
        });
        let right = join_all(right).await;
        let won = right.iter().filter(|attempt| matches!(attempt.as_ref().unwrap(), Attempt::Right(_))).count();
        assert_eq!(won, 1);
        assert_eq!(ChallengeStore::live(&nodes[0], &by_address(&first), NOW).await.unwrap(), []);
    }
}

async fn nodes_make_one_user_of_one_address(fixture: Fixture) {
    let ((fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(9));
    for _ in 0..ROUNDS {
        let first = samples.challenge(samples.realm(), NOW);
        let challenges: Vec<_> = (0..NODES)
            .map(|n| {
                let mut challenge = samples.sibling(&first, NOW);
                challenge.purpose = format!("purpose-{n}").parse().unwrap();
                challenge
            })
            .collect();
        for challenge in &challenges {
            fixture.store.open(samples.request(challenge), NOW).await.unwrap();
        }
        let attempts =
            nodes.iter().zip(&challenges).map(|(store, challenge)| store.attempt(samples.right(challenge), NOW));
        let signed_in = join_all(attempts).await.into_iter().map(|attempt| {
            let Attempt::Right(signed_in) = attempt.unwrap() else { panic!("a right code was not") };
            (signed_in.user.id, signed_in.is_new)
        });
        let signed_in: Vec<_> = signed_in.collect();
        assert!(signed_in.iter().all(|(user, _)| *user == signed_in[0].0), "two users of one address");
        assert_eq!(signed_in.iter().filter(|(_, is_new)| *is_new).count(), 1);
    }
}

/// A right code where a realm has room for `max` users.
fn within(samples: &Samples, max: u32, challenge: &Challenge) -> Presented {
    let sign_in = SignIn { max_users: Some(max), ..samples.sign_in(challenge) };
    Presented { sign_in: Some(sign_in), ..samples.right(challenge) }
}

async fn nodes_share_the_room_for_users(fixture: Fixture) {
    let ((fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(13));
    let within = |max, challenge: &Challenge| within(&samples, max, challenge);
    for round in 0..ROUNDS {
        let realm = samples.realm();
        // By turns the first users of a realm, of which there is nothing to hold yet, and later ones.
        let before = u32::try_from(round % 2).unwrap();
        if before > 0 {
            let regular = samples.challenge(realm, NOW);
            fixture.store.open(samples.request(&regular), NOW).await.unwrap();
            assert!(matches!(fixture.store.attempt(within(1, &regular), NOW).await.unwrap(), Attempt::Right(_)));
        }
        // Some addresses on every node, for whoever took the last room on another is no stranger; and one on each
        // alone, which meets nobody but at the door.
        let addresses: Vec<_> = (0..4).map(|_| samples.challenge(realm, NOW)).collect();
        let mut attempts = Vec::new();
        for (n, node) in nodes.iter().enumerate() {
            let mut arriving: Vec<_> = addresses.iter().collect();
            let alone = samples.challenge(realm, NOW);
            arriving.insert(if round % 4 < 2 { 0 } else { 4 }, &alone);
            for first in arriving {
                let mut challenge = samples.sibling(first, NOW);
                challenge.purpose = format!("purpose-{n}").parse().unwrap();
                fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
                attempts.push((challenge.address_key, node.attempt(within(before + 2, &challenge), NOW)));
            }
        }
        let (keys, attempts): (Vec<_>, Vec<_>) = attempts.into_iter().unzip();
        let (mut entered, mut turned_away) = (BTreeSet::new(), BTreeSet::new());
        for (key, attempt) in keys.into_iter().zip(join_all(attempts).await) {
            match attempt.unwrap() {
                Attempt::Right(signed_in) => drop(entered.insert((key, signed_in.user.id))),
                Attempt::UserLimit => drop(turned_away.insert(key)),
                other @ (Attempt::Wrong { .. }
                | Attempt::AccountExists
                | Attempt::Expired
                | Attempt::Exhausted
                | Attempt::RateLimited(_)) => panic!("a right code was {other:?}"),
            }
        }
        assert_eq!(entered.len(), 2, "round {round}");
        assert!(entered.iter().all(|(key, _)| !turned_away.contains(key)), "a user was turned away");
        assert_eq!(nodes[0].users(realm).await.unwrap(), u64::from(before) + 2);
    }
    strangers_on_every_node_share_the_last_place(&fixture, &nodes, &samples).await;
}

/// Newcomers who have nothing in common but the realm, so that nothing else makes one wait for another.
async fn strangers_on_every_node_share_the_last_place(fixture: &Fixture, nodes: &[SqlStore], samples: &Samples) {
    let within = |max, challenge: &Challenge| within(samples, max, challenge);
    for _ in 0..2 * ROUNDS {
        let realm = samples.realm();
        let newcomers: Vec<_> = (0..=NODES).map(|_| samples.challenge(realm, NOW)).collect();
        for challenge in &newcomers {
            fixture.store.open(samples.request(challenge), NOW).await.unwrap();
        }
        let (regular, newcomers) = newcomers.split_first().unwrap();
        assert!(matches!(fixture.store.attempt(within(1, regular), NOW).await.unwrap(), Attempt::Right(_)));
        let arriving = nodes.iter().zip(newcomers).map(|(node, newcomer)| node.attempt(within(2, newcomer), NOW));
        let arrived = join_all(arriving).await;
        let entered = arrived.iter().filter(|attempt| matches!(attempt.as_ref().unwrap(), Attempt::Right(_))).count();
        assert_eq!(entered, 1, "strangers");
    }
}

/// Signups of one owner on every node at once, in different realms, so that nothing else makes one wait for another.
async fn nodes_open_one_account_of_one_owner(fixture: Fixture) {
    let ((fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(17));
    for _ in 0..2 * ROUNDS {
        let owner = samples.email();
        let signups: Vec<_> = (0..NODES)
            .map(|_| {
                let tenant = Tenant { owner: Some(owner.clone()), ..samples.tenant(NOW) };
                (samples.challenge(samples.realm(), NOW), tenant)
            })
            .collect();
        for (challenge, _) in &signups {
            fixture.store.open(samples.request(challenge), NOW).await.unwrap();
        }
        let attempts = nodes.iter().zip(&signups).map(|(store, (challenge, tenant))| {
            let sign_in = SignIn { registers: Some(Box::new(tenant.clone())), ..samples.sign_in(challenge) };
            store.attempt(Presented { sign_in: Some(sign_in), ..samples.right(challenge) }, NOW)
        });
        let answers = join_all(attempts).await;
        let exists = answers.iter().filter(|answer| *answer.as_ref().unwrap() == Attempt::AccountExists).count();
        let account = nodes[0].by_owner(&owner).await.unwrap();
        let opened: Vec<_> = answers
            .iter()
            .zip(&signups)
            .filter(|(answer, _)| matches!(answer.as_ref().unwrap(), Attempt::Right(_)))
            .map(|(_, (_, tenant))| tenant.clone())
            .collect();
        assert_eq!((opened.len(), exists), (1, NODES - 1));
        assert_eq!(account, opened.into_iter().next());
    }
}

async fn nodes_tell_of_a_quota_once(fixture: Fixture) {
    let ((_fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(14));
    for _ in 0..ROUNDS / 4 {
        let realm = samples.realm();
        let key = samples.draw(realm, Rule::QuotaDay, 50).key;
        let once = |rule, counter| {
            let effects = vec![Effect::Count { realm, counter, at: NOW }];
            vec![Effect::Once(Once { key: LimitKey { rule, ..key }, window: Window::UtcDay, effects })]
        };
        let draw = Draw {
            refused: once(Rule::QuotaDayExceeded, Counter::EmailsDropped),
            mark: Some(Mark { units: 40, effects: once(Rule::QuotaDayWarned, Counter::EmailsMuted) }),
            ..Draw::new(key, 50, Window::UtcDay)
        };
        let calls = nodes.iter().cycle().take(120).map(|store| store.acquire(vec![draw.clone()], NOW));
        let drawn = join_all(calls).await;
        let admitted = drawn.iter().filter(|drawn| matches!(drawn.as_ref().unwrap(), Admission::Admitted(_))).count();
        assert_eq!(admitted, 50);
        let counts = nodes[0].counts(realm, NOW.hour(), NOW.plus(HOUR)).await.unwrap();
        let counts: Vec<_> = counts.iter().map(|counted| (counted.counter, counted.count)).collect();
        assert_eq!(counts, [(Counter::EmailsDropped, 1), (Counter::EmailsMuted, 1)]);
    }
}

async fn nodes_answer_one_key_once(fixture: Fixture) {
    let ((_fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(10));
    for _ in 0..ROUNDS {
        let realm = samples.realm();
        let (key, draw) = (samples.idempotency(NOW), samples.draw(realm, Rule::EmailHour, 9));
        let requests = nodes.iter().cycle().take(12).map(|store| {
            let request = Request {
                draws: vec![draw.clone()],
                idempotency: Some(key.clone()),
                ..samples.request(&samples.challenge(realm, NOW))
            };
            store.open(request, NOW)
        });
        let opened = join_all(requests).await;
        let admitted = opened.iter().filter(|opened| matches!(opened.as_ref().unwrap(), Opened::Admitted(_))).count();
        let replayed =
            opened.iter().filter(|opened| matches!(opened.as_ref().unwrap(), Opened::Replayed { .. })).count();
        assert_eq!((admitted, replayed), (1, 11));
        assert_eq!(nodes[0].usage(&[draw], NOW).await.unwrap()[0].remaining(), 8);
    }
}

async fn nodes_share_a_backlog_and_count_exactly(fixture: Fixture) {
    const MAILS: usize = 400;
    let ((fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(11));
    let realm = samples.realm();
    let challenge = samples.challenge(realm, NOW);
    fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    let mails = (0..MAILS).map(|_| Effect::Mail(samples.mail(&challenge))).collect();
    fixture.store.append(mails, NOW).await.unwrap();
    // Sixteen who claim, carry out and settle until nothing is left.
    let workers = (0..16).map(async |worker: usize| {
        let store = &nodes[worker % NODES];
        let mut carried = Vec::new();
        loop {
            let claimed = store.claim(NOW, Duration::from_secs(60), 7).await.unwrap();
            // What others hold at this moment is passed over, so that nothing is no proof of being done.
            if claimed.is_empty() && store.backlog(NOW).await.unwrap().waiting == 0 {
                return carried;
            }
            for leased in claimed {
                let sent = vec![Effect::Count { realm, counter: Counter::EmailsSent, at: NOW }];
                let settled = store.settle(leased.lease, Settlement::Finished, sent, NOW).await.unwrap();
                assert_eq!(settled, Settled::Recorded);
                carried.push(leased.mail.id);
            }
        }
    });
    let mut carried: Vec<_> = join_all(workers).await.concat();
    carried.sort_unstable();
    carried.dedup();
    assert_eq!(carried.len(), MAILS);
    let counts = nodes[0].counts(realm, NOW.hour(), NOW.plus(HOUR)).await.unwrap();
    assert_eq!(
        counts.iter().map(|counted| (counted.counter, counted.count)).collect::<Vec<_>>(),
        [(Counter::EmailsSent, MAILS as u64)]
    );
}

async fn nodes_rotate_once(fixture: Fixture) {
    let ((fixture, nodes), samples) = (nodes(fixture).await, Samples::seeded(12));
    for _ in 0..ROUNDS {
        let challenge = samples.challenge(samples.realm(), NOW);
        fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
        let Attempt::Right(signed_in) = fixture.store.attempt(samples.right(&challenge), NOW).await.unwrap() else {
            panic!("a right code was not")
        };
        let session = signed_in.session.id;
        let rotations =
            nodes.iter().cycle().take(9).map(|store| store.rotate(samples.rotation(challenge.realm, session, 0), NOW));
        let rotated = join_all(rotations).await;
        let through = rotated.iter().filter(|rotated| matches!(rotated.as_ref().unwrap(), Rotated::Rotated(_))).count();
        let again = rotated.iter().filter(|rotated| matches!(rotated.as_ref().unwrap(), Rotated::Replay(_))).count();
        assert_eq!((through, again), (1, 8));
        let live = SessionStore::live(&nodes[1], challenge.realm, session, NOW).await.unwrap();
        assert_eq!(live.map(|live| live.session.generation), Some(1));
    }
}
