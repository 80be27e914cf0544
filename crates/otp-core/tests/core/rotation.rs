//! The master key is replaced, and who signed in, or was about to, does not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::id::UserId;
use otp_core::keys::AddressKey;
use otp_core::limit::DAY;
use otp_core::port::{Age, Resealed, UserCursor, UserStore};
use otp_core::prelude::*;
use otp_core::realm::Realm;
use otp_core::rotation::{KeyRotation, Renewed};
use otp_core::session::Session;
use otp_core::sessions::RefreshCredential;
use otp_core::tenants::{ConfigChange, Configure, NewTenant};
use otp_core::time::Timestamp;
use otp_core::token::RefreshToken;
use otp_core::user::User;
use otp_core::users::Users;
use serde_json::json;

use crate::scene::Scene;

const CLI: Caller = Caller::of(Actor::Cli);

/// A customer that signs with a key pair of its own and sends by a provider of its own.
async fn customer(scene: &Scene, name: &str) -> Tenant {
    let tenants = Tenants::new(scene.deployment.clone());
    let owner = EmailAddress::parse(&format!("{name}@example.org")).unwrap();
    let new = NewTenant { name: name.to_owned(), owner, company_name: None, plan: "enterprise".to_owned() };
    let id = tenants.register(new, &CLI, None).await.unwrap().tenant.id;
    let mut tenant = None;
    for patch in [
        json!({ "tokens": { "algorithm": "ES256" }, "emailConfig": { "provider": { "kind": "resend", "apiKey": "first" } } }),
        json!({ "emailConfig": { "provider": { "apiKey": "second" } } }),
    ] {
        let configure = Configure { change: ConfigChange::Patch(patch), expected: None, peer: None };
        tenant = Some(tenants.configure(id, configure, &CLI, None).await.unwrap());
    }
    tenant.unwrap()
}

async fn signed_in(scene: &Scene, tenant: &Tenant) -> Tokens {
    let issued = scene.otp.issue(tenant, "bob@example.org").await.unwrap();
    let verified = scene.otp.verify(tenant, &issued.id, &scene.code().await).await.unwrap();
    scene.sessions.issue(tenant, &verified).unwrap()
}

async fn refreshed(scene: &Scene, tenant: &Tenant, token: &RefreshToken) -> Result<Tokens, SessionError> {
    scene.sessions.refresh(tenant, &RefreshCredential::Refresh(token.clone()), &CLI).await
}

async fn accepted(scene: &Scene, tenant: &Tenant, tokens: &Tokens) -> bool {
    scene.sessions.authenticate(tenant, &tokens.access).await.is_ok()
}

async fn stored(scene: &Scene, tenant: &Tenant) -> Tenant {
    scene.deployment.stores().tenants.get(tenant.id, Age::Fresh).await.unwrap().unwrap()
}

/// The credential in a version of what `tenant` has set.
async fn credential(scene: &Scene, tenant: &Tenant, number: u64) -> String {
    let version = scene.deployment.stores().tenants.configuration(tenant.id, number).await.unwrap().unwrap();
    let provider = version.settings.email_config.provider.unwrap();
    provider.secrets["apiKey"].open(tenant.id, scene.deployment.keys()).unwrap()
}

async fn rotate(scene: &Scene) -> Renewed {
    KeyRotation::new(scene.deployment.clone()).run(|_| {}).await.unwrap()
}

/// Why this key alone does not open what `scene` has stored, if it does not.
async fn refused(scene: &Scene, master: u8) -> Option<FaultKind> {
    scene.under(master, None).await.err().map(|fault| fault.kind())
}

#[tokio::test]
async fn what_was_begun_under_a_key_goes_on_under_the_next_and_ends_when_it_would_have() {
    let old = Scene::set().await;
    let tenant = customer(&old, "customer").await;
    let by_secret = signed_in(&old, &old.acme).await;
    let by_pair = signed_in(&old, &tenant).await;
    let (asked, later) = (old.ask("ada@example.org").await, old.ask("eve@example.org").await);
    old.relay.run_once().await.unwrap();
    let code_to = |scene: &Scene, whom: &str| {
        let mails = scene.mailer.mails();
        let mail = mails.iter().rev().find(|mail| mail.to.canonical() == whom).unwrap();
        otp_core::mail::code_in(&mail.text).unwrap().to_owned()
    };

    // Both keys are at hand; nothing is sealed anew yet.
    let both = old.under(8, Some(7)).await.unwrap();
    assert!(both.otp.verify(&both.acme, &asked.id, &code_to(&both, "ada@example.org")).await.is_ok());
    assert!(accepted(&both, &both.acme, &by_secret).await && accepted(&both, &tenant, &by_pair).await);
    let again = refreshed(&both, &both.acme, &by_secret.refresh).await.unwrap();
    assert!(accepted(&both, &both.acme, &again).await);
    let kid = |scene: &Scene| scene.deployment.keys().kid().to_string();
    assert!(again.refresh.expose().contains(&kid(&both)) && by_secret.refresh.expose().contains(&kid(&old)));
    assert_ne!(both.sessions.csrf_token(&again.refresh).unwrap().expose(), "");
    // Nodes get the key one after the other: who has it only as another verifies by it.
    let first = old.under(7, Some(8)).await.unwrap();
    assert!(refreshed(&first, &first.acme, &again.refresh).await.is_ok());
    assert_eq!(refused(&old, 8).await, Some(FaultKind::Misconfigured));

    let renewed = rotate(&both).await;
    assert!(renewed.root);
    assert_eq!((renewed.tenants, renewed.configurations), (1, 2));
    let until = both.deployment.now().plus(Duration::from_secs(30 * DAY.as_secs()));
    assert_eq!(renewed.retired, [(old.deployment.keys().kid(), until)]);
    assert_eq!(refused(&old, 7).await, Some(FaultKind::Misconfigured));

    let new = old.under(8, None).await.unwrap();
    assert!(new.otp.verify(&new.acme, &later.id, &code_to(&new, "eve@example.org")).await.is_ok());
    let tenant = stored(&new, &tenant).await;
    assert!(accepted(&new, &tenant, &by_pair).await, "its key pair is the same");
    let by_pair = refreshed(&new, &tenant, &by_pair.refresh).await.unwrap();
    assert!(accepted(&new, &tenant, &by_pair).await, "it signs on");
    assert_eq!(
        (credential(&new, &tenant, 2).await, credential(&new, &tenant, 3).await),
        ("first".into(), "second".into())
    );
    let users = Users::new(new.deployment.clone()).page(tenant.live(), None, 9).await.unwrap();
    assert_eq!(users[0].email.canonical(), "bob@example.org");

    assert_eq!(rotate(&new).await, Renewed { retired: renewed.retired, ..Renewed::default() }, "nothing is left to do");
    new.clock.advance(Duration::from_secs(30 * DAY.as_secs()));
    let new = old.under(8, None).await.unwrap();
    assert!(!new.sessions.is_genuine(&by_secret.refresh), "nothing needs the old key any more, and it is gone");
    assert!(new.sessions.is_genuine(&by_pair.refresh));
}

#[tokio::test]
async fn a_session_outlives_two_replacements_and_one_that_was_never_finished() {
    let old = Scene::set().await;
    let tenant = customer(&old, "customer").await;
    let tokens = signed_in(&old, &tenant).await;
    rotate(&old.under(8, Some(7)).await.unwrap()).await;
    // Before the next is finished, the one at hand leads to the one before it.
    let third = old.under(9, Some(8)).await.unwrap();
    assert!(accepted(&third, &stored(&third, &tenant).await, &tokens).await);
    assert!(third.sessions.is_genuine(&tokens.refresh));
    rotate(&third).await;
    let alone = old.under(9, None).await.unwrap();
    assert!(refreshed(&alone, &stored(&alone, &tenant).await, &tokens.refresh).await.is_ok());
    // And back again: what was retired comes into force.
    let back = old.under(8, Some(9)).await.unwrap();
    rotate(&back).await;
    let back = old.under(8, None).await.unwrap();
    assert!(accepted(&back, &stored(&back, &tenant).await, &signed_in(&back, &tenant).await).await);
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_anywhere_harms_nobody_and_the_next_one_goes_on() {
    let old = Scene::set().await;
    let mut customers = Vec::new();
    for name in ["one", "two", "three"] {
        let tenant = customer(&old, name).await;
        let tokens = signed_in(&old, &tenant).await;
        customers.push((tenant, tokens));
    }
    let (mut users, mut cuts) = (0, 0);
    for replaces in 0.. {
        let stores = old.deployment.stores().clone();
        let cut = Arc::new(Cut { store: stores.users.clone(), replaces: AtomicUsize::new(replaces) });
        let both = old.over_stores(Stores { users: cut, ..stores }, 8, Some(7)).await.unwrap();
        let mut so_far = Renewed::default();
        let done = KeyRotation::new(both.deployment.clone()).run(|renewed| so_far = renewed.clone()).await;
        users += so_far.users;
        // From its very beginning, the new key alone would do.
        let new = old.under(8, None).await.unwrap();
        for (tenant, tokens) in &customers {
            let tenant = stored(&new, tenant).await;
            assert!(new.sessions.authenticate(&tenant, &tokens.access).await.is_ok());
            assert_eq!(credential(&new, &tenant, 2).await, "first");
            assert!(Users::new(new.deployment.clone()).page(tenant.live(), None, 9).await.is_ok());
        }
        match done {
            Ok(renewed) => {
                assert!(!renewed.retired.is_empty());
                break;
            }
            Err(fault) => {
                assert_eq!(fault.kind(), FaultKind::Unavailable);
                cuts += 1;
            }
        }
    }
    assert_eq!((users, cuts > 0), (3, true), "each user once");
}

#[tokio::test]
async fn who_has_asked_before_and_signs_in_after_is_not_left_under_the_old_key() {
    let old = Scene::set().await;
    let tenant = customer(&old, "customer").await;
    let asked = old.otp.issue(&tenant, "ada@example.org").await.unwrap();
    let code = old.code().await;
    let both = old.under(8, Some(7)).await.unwrap();
    let retired = rotate(&both).await.retired;
    both.otp.verify(&stored(&both, &tenant).await, &asked.id, &code).await.unwrap();
    both.clock.set(retired[0].1);
    let alone = old.under(8, None).await.unwrap();
    let users = Users::new(alone.deployment.clone()).page(tenant.live(), None, 9).await.unwrap();
    assert_eq!(users[0].email.canonical(), "ada@example.org");
    assert_eq!(rotate(&alone).await, Renewed::default());
}

#[tokio::test]
async fn a_key_that_came_back_in_between_ends_as_late_as_what_was_begun_under_it_since() {
    let old = Scene::set().await;
    let first = rotate(&old.under(8, Some(7)).await.unwrap()).await.retired;
    old.clock.advance(DAY / 2);
    rotate(&old.under(7, Some(8)).await.unwrap()).await;
    old.clock.advance(DAY / 2);
    let again = old.under(8, Some(7)).await.unwrap();
    let retired = rotate(&again).await.retired;
    assert_eq!(retired, [(first[0].0, first[0].1.plus(DAY))]);
    old.clock.advance(DAY);
    assert_eq!(rotate(&old.under(8, None).await.unwrap()).await.retired, retired, "its end is known");
}

#[tokio::test]
async fn one_address_that_nothing_opens_keeps_nobody_from_the_new_key() {
    let old = Scene::set().await;
    let (one, other) = (customer(&old, "one").await, customer(&old, "other").await);
    signed_in(&old, &one).await;
    signed_in(&old, &other).await;
    let users = old.deployment.stores().users.clone();
    let lost = users.page(one.live(), None, 9).await.unwrap().remove(0);
    rotate(&old.under(8, Some(7)).await.unwrap()).await;
    let seen = users.by_id(one.live(), lost.id).await.unwrap().unwrap().address;
    let back = Resealed { user: lost.id, seen, anew: lost.address };
    assert_eq!(users.reseal(one.live(), vec![back]).await.unwrap(), 1);
    old.clock.advance(Duration::from_secs(31 * DAY.as_secs()));
    let renewed = rotate(&old.under(9, Some(8)).await.unwrap()).await;
    assert_eq!((renewed.users, renewed.unreadable), (1, vec![lost.id]));
}

/// A store of users that is gone after so many replacements.
struct Cut {
    store: Arc<dyn UserStore>,
    replaces: AtomicUsize,
}

#[async_trait]
impl UserStore for Cut {
    async fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Res<Vec<User>> {
        self.store.page(realm, after, max).await
    }

    async fn by_id(&self, realm: Realm, id: UserId) -> Res<Option<User>> {
        self.store.by_id(realm, id).await
    }

    async fn by_address(&self, realm: Realm, address: AddressKey) -> Res<Option<User>> {
        self.store.by_address(realm, address).await
    }

    async fn sessions(&self, realm: Realm, user: UserId, now: Timestamp) -> Res<Vec<Session>> {
        self.store.sessions(realm, user, now).await
    }

    async fn reseal(&self, realm: Realm, addresses: Vec<Resealed>) -> Res<u64> {
        let left = |left: usize| left.checked_sub(1);
        if self.replaces.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_err() {
            return Err(Fault::unavailable("test", "gone"));
        }
        self.store.reseal(realm, addresses).await
    }
}
