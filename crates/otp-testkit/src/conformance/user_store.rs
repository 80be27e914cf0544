//! Cases of [`UserStore`](otp_core::port::UserStore).

use std::time::Duration;

use otp_core::id::UserId;
use otp_core::port::{Resealed, Revoked, Rotated, Stores, UserCursor};
use otp_core::realm::Realm;
use otp_core::session::{Lifetimes, Session, SignIn};
use otp_core::time::Timestamp;
use otp_core::user::User;

use super::world::World;
use crate::answered::Answered;
use crate::samples::{NOW, test_world};

impl World {
    /// A user of `realm` who signs in for the first time at `now`.
    async fn newcomer(&self, realm: Realm, now: Timestamp) -> User {
        let challenge = self.samples.challenge(realm, now);
        self.put(&challenge).await;
        self.sign_in(&challenge).await.user
    }

    async fn user(&self, realm: Realm, id: UserId) -> Option<User> {
        self.stores.users.by_id(realm, id).await.answered()
    }

    async fn sessions_of(&self, user: &User, now: Timestamp) -> Vec<Session> {
        self.stores.users.sessions(user.realm, user.id, now).await.answered()
    }

    /// All users of `realm`, read in pages of `size`.
    async fn paged(&self, realm: Realm, size: usize) -> Vec<User> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.stores.users.page(realm, after, size).await.answered();
            assert!(page.len() <= size, "{} users on a page of {size}", page.len());
            let Some(last) = page.last() else { return all };
            after = Some(UserCursor { created_at: last.created_at, id: last.id });
            all.extend(page);
        }
    }
}

/// Pages hold every user of their realm once, the newest first, those of one moment by id, whoever else comes meanwhile.
pub async fn users_are_paged(stores: Stores) {
    let w = World::new(stores);
    let mut expected = Vec::new();
    for made_at in [0, 5, 5, 5, 5, 5, 7, 1] {
        expected.push(w.newcomer(w.realm, NOW.plus(Duration::from_millis(made_at))).await);
    }
    let elsewhere = w.newcomer(test_world(w.realm), NOW).await;
    expected.sort_by_key(|user| std::cmp::Reverse((user.created_at, user.id)));
    for size in [1, 2, 3, 8, 100] {
        assert_eq!(w.paged(w.realm, size).await, expected, "in pages of {size}");
    }
    assert_eq!(w.paged(test_world(w.realm), 3).await, [elsewhere]);

    let first = w.stores.users.page(w.realm, None, 3).await.answered();
    w.newcomer(w.realm, NOW.plus(Duration::from_millis(9))).await;
    let after = first.last().map(|last| UserCursor { created_at: last.created_at, id: last.id });
    assert_eq!(w.stores.users.page(w.realm, after, 9).await.answered(), expected[3..]);
}

/// A user is found by id and by address as he is now, and by nobody else's.
pub async fn a_user_is_found(stores: Stores) {
    let w = World::new(stores);
    let challenge = w.opened().await;
    assert_eq!(w.stores.users.by_address(w.realm, challenge.address_key).await.answered(), None);
    let user = w.sign_in(&challenge).await.user;
    let other = w.newcomer(w.realm, NOW).await;
    let of_address = async |realm| w.stores.users.by_address(realm, challenge.address_key).await.answered();
    assert_eq!(w.user(w.realm, user.id).await, Some(user.clone()));
    assert_eq!(of_address(w.realm).await, Some(user.clone()));
    for realm in [test_world(w.realm), w.samples.realm()] {
        assert_eq!((w.user(realm, user.id).await, of_address(realm).await), (None, None));
    }
    assert_eq!(w.user(w.realm, w.samples.id(UserId::generate)).await, None);

    let later = NOW.plus(Duration::from_secs(60));
    let again = w.samples.sibling(&challenge, later);
    w.put(&again).await;
    w.sign_in(&again).await;
    let seen = User { last_login_at: later, ..user };
    assert_eq!(w.user(w.realm, seen.id).await, Some(seen.clone()));
    assert_eq!(of_address(w.realm).await, Some(seen));
    assert_eq!(w.user(w.realm, other.id).await, Some(other));
}

/// The list holds what lives: not what was ended, has run out, or is somebody else's; each in its present generation.
pub async fn sessions_are_listed(stores: Stores) {
    let w = World::new(stores);
    let first = w.signed_in().await;
    let mut sessions = vec![first.session.clone()];
    for minutes in 1..4 {
        let at = NOW.plus(Duration::from_secs(60 * minutes));
        let challenge =
            otp_core::challenge::Challenge { address_key: first.user.address_key, ..w.samples.challenge(w.realm, at) };
        w.put(&challenge).await;
        let mut right = w.samples.right(&challenge);
        if minutes == 3 {
            // This one ends by itself, soon.
            let lifetimes = Lifetimes { idle: Duration::from_secs(60), ..Lifetimes::default() };
            right.sign_in = right.sign_in.map(|sign_in| SignIn { lifetimes, ..sign_in });
        }
        sessions.push(w.enter(right, at).await.session);
    }
    let stranger = w.signed_in().await;
    let now = NOW.plus(Duration::from_secs(200));
    sessions.reverse();
    assert_eq!(w.sessions_of(&first.user, now).await, sessions);
    assert_eq!(w.sessions_of(&stranger.user, now).await, [stranger.session]);
    let elsewhere = User { realm: test_world(w.realm), ..first.user.clone() };
    assert_eq!(w.sessions_of(&elsewhere, now).await, []);

    let rotated = w.rotate(w.samples.rotation(w.realm, sessions[1].id, 0), now).await;
    let Rotated::Rotated(live) = rotated else { panic!("not rotated: {rotated:?}") };
    sessions[1] = live.session;
    assert_eq!(w.revoke(w.samples.revocation(w.realm, Revoked::One(sessions[2].id)), now).await, 1);
    sessions.remove(2);
    assert_eq!(w.sessions_of(&first.user, now).await, sessions);
    assert_eq!(w.sessions_of(&first.user, sessions[0].ends_at()).await, sessions[1..]);
}

/// An address is replaced where it is what was seen, and nothing else of its user, nor anybody else's.
pub async fn addresses_are_sealed_anew(stores: Stores) {
    let w = World::new(stores);
    let (one, other) = (w.newcomer(w.realm, NOW).await, w.newcomer(w.realm, NOW).await);
    let challenge = otp_core::challenge::Challenge {
        address_key: one.address_key,
        ..w.samples.challenge(w.realm, NOW.plus(Duration::from_secs(60)))
    };
    w.put(&challenge).await;
    let one = w.sign_in(&challenge).await.user;
    let anew =
        |user: &User, seen: &User| Resealed { user: user.id, seen: seen.address.clone(), anew: w.samples.sealed() };
    let unknown = User { id: w.samples.id(UserId::generate), ..one.clone() };
    let (right, wrong) = (anew(&one, &one), anew(&other, &one));
    let reseal = async |realm, addresses: Vec<Resealed>| w.stores.users.reseal(realm, addresses).await.answered();
    assert_eq!(reseal(test_world(w.realm), vec![right.clone()]).await, 0, "of another realm");
    assert_eq!(reseal(w.realm, vec![right.clone(), wrong, anew(&unknown, &one)]).await, 1);
    let one = User { address: right.anew.clone(), ..one };
    assert_eq!(w.user(w.realm, one.id).await, Some(one.clone()));
    assert_eq!(w.stores.users.by_address(w.realm, one.address_key).await.answered(), Some(one.clone()));
    assert_eq!(w.user(w.realm, other.id).await, Some(other));
    assert_eq!(reseal(w.realm, vec![right]).await, 0, "it was replaced before");

    let later = otp_core::challenge::Challenge {
        address_key: one.address_key,
        ..w.samples.challenge(w.realm, NOW.plus(Duration::from_secs(120)))
    };
    w.put(&later).await;
    assert_eq!(w.sign_in(&later).await.user.address, one.address, "who signs in again keeps it");
}
