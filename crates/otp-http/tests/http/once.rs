//! Calls repeated under an `Idempotency-Key`.

use axum::http::Method;
use futures::future::join_all;
use otp_core::fault::FaultKind;
use otp_core::otp::IdempotencyKey;
use otp_core::port::{Begun, CallLease, CallStore};
use otp_core::realm::Realm;
use serde_json::{Value, json};

use crate::edge::ROUTES;
use crate::gate::Trouble;
use crate::world::{Answer, World, text};

/// A call that changes something, and by whose key.
struct Change {
    path: String,
    body: Value,
    key: String,
}

impl World {
    async fn change_under(&self, key: &str, Change { path, body, key: by }: &Change) -> Answer {
        let ask = self.ask(Method::POST, path).key(by).header("idempotency-key", key);
        let ask = if body.is_null() { ask } else { ask.json(body.clone()) };
        ask.send().await
    }

    async fn trail(&self) -> usize {
        self.services.deployment.stores().audit.recent(self.customer.id, 1_000).await.unwrap().len()
    }

    fn new_key(&self, name: &str) -> Change {
        Change { path: self.keys_path(), body: json!({ "name": name }), key: self.customer.key.clone() }
    }

    async fn keys(&self) -> Vec<Value> {
        let keys = self.get(&self.keys_path()).key(&self.customer.key).send().await.ok();
        keys["keys"].as_array().unwrap().clone()
    }
}

/// How each route is called for a change to come of it. A POST of the routes that is missing here is not repeatable.
async fn change(world: &World, route: &str) -> Change {
    let (customer, operator) = (world.customer.key.clone(), world.operator.clone());
    let id = world.customer.id;
    let (path, body, key) = match route {
        "/admin/customers" => (route.to_owned(), json!({ "name": "New", "email": "new@example.org" }), operator),
        "/admin/customers/cust_x/suspend" => {
            (format!("/admin/customers/{id}/suspend"), json!({ "reason": "unpaid" }), operator)
        }
        "/admin/customers/cust_x/activate" => (format!("/admin/customers/{id}/activate"), Value::Null, operator),
        "/admin/customers/cust_x/api-keys" => (world.keys_path(), json!({ "name": "second" }), customer),
        "/admin/customers/cust_x/api-keys/key_x/rotate" => {
            let path = format!("{}/{}/rotate", world.keys_path(), world.customer.record.id);
            (path, json!({ "graceSeconds": 600 }), customer)
        }
        "/admin/config/versions/1/restore" => {
            world.configure(json!({ "locale": "fr" })).await;
            (route.to_owned(), Value::Null, customer)
        }
        "/admin/onboarding/test-otp" => (route.to_owned(), Value::Null, customer),
        other => panic!("{other} takes no Idempotency-Key"),
    };
    Change { path, body, key }
}

#[tokio::test]
async fn every_change_is_made_once_and_answered_alike() {
    let repeatable = ROUTES.iter().filter(|(path, methods)| path.starts_with("/admin") && methods.contains("POST"));
    let mut seen = 0;
    for (route, _) in repeatable {
        let world = World::new().await;
        let change = change(&world, route).await;
        let first = world.change_under("k", &change).await;
        assert!((200..300).contains(&first.status), "{route}: {}", first.json());
        assert_eq!(first.header("idempotency-replayed"), None);
        let (trail, keys) = (world.trail().await, world.keys_now().await);
        world.advance(60);
        let again = world.change_under("k", &change).await;
        assert_eq!((first.status, &first.body), (again.status, &again.body), "{route}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.header("etag"), again.header("etag"));
        assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
        assert_eq!((world.trail().await, world.keys_now().await), (trail, keys), "{route} was made twice");

        let other = Change { body: json!({ "reason": "other", "name": "other" }), ..change };
        let mismatch = world.change_under("k", &other).await;
        let told = ["idempotency_mismatch", "invalid_request"].contains(&mismatch.code().as_str());
        assert!(told, "{route}: {}", mismatch.json());
        seen += 1;
    }
    assert_eq!(seen, 7);
}

impl World {
    /// How many keys the customer has, whether he is served or not.
    async fn keys_now(&self) -> usize {
        let tenant = self.services.tenants.get(self.customer.id, otp_core::port::Age::Fresh).await.unwrap().unwrap();
        tenant.keys.len()
    }
}

#[tokio::test]
async fn of_ten_at_once_one_makes_the_change() {
    let world = World::new().await;
    let change = world.new_key("twin");
    let answers = join_all((0..10).map(|_| world.change_under("k", &change))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).map(|answer| &answer.body).collect();
    let in_flight = answers.iter().filter(|answer| answer.status == 409);
    assert!(made.iter().all(|body| *body == made[0]));
    assert!(in_flight.clone().all(|answer| answer.code() == "idempotency_in_flight"));
    assert_eq!(made.len() + in_flight.count(), 10);
    assert_eq!(world.keys().await.len(), 2);
}

#[tokio::test]
async fn another_body_another_key_and_another_day_are_other_calls() {
    let world = World::new().await;
    let first = text(&world.change_under("k", &world.new_key("a")).await.ok(), "apiKey");
    let mismatch = world.change_under("k", &world.new_key("b")).await;
    assert_eq!(mismatch.problem(), (422, "idempotency_mismatch".to_owned()));
    let by_another = Change { key: first.clone(), ..world.new_key("a") };
    assert_ne!(text(&world.change_under("k", &by_another).await.ok(), "apiKey"), first);

    world.advance(24 * 3600 - 1);
    assert_eq!(text(&world.change_under("k", &world.new_key("a")).await.ok(), "apiKey"), first);
    world.advance(1);
    assert_ne!(text(&world.change_under("k", &world.new_key("a")).await.ok(), "apiKey"), first);
    assert_eq!(world.keys().await.len(), 4);
}

#[tokio::test]
async fn what_came_to_nothing_may_be_done_again() {
    let world = World::new().await;
    let foreign = Change { path: format!("/admin/customers/cust_{}1/suspend", "0".repeat(21)), ..world.new_key("") };
    let operator = Change { key: world.operator.clone(), body: json!({}), ..foreign };
    for _ in 0..2 {
        assert_eq!(world.change_under("k", &operator).await.problem(), (404, "not_found".to_owned()));
    }
    let taken = json!({ "name": "Twin", "email": "owner@example.example" });
    let register = Change { path: "/admin/customers".to_owned(), body: taken, key: world.operator.clone() };
    for _ in 0..2 {
        assert_eq!(world.change_under("t", &register).await.code(), "email_taken");
    }
    let faulty = Change { body: json!({ "name": "" }), ..world.new_key("") };
    assert_eq!(world.change_under("f", &faulty).await.status, 400);
    world.change_under("f", &world.new_key("whole")).await.ok();
    assert_eq!(world.change_under("two words", &world.new_key("x")).await.status, 400);

    for verb in ["begin", "replace"] {
        world.gate.shut(verb, Trouble::Fault(FaultKind::Unavailable));
        assert_eq!(world.change_under("d", &world.new_key("down")).await.problem(), (503, "unavailable".to_owned()));
    }
    world.gate.open_up();
    let made = world.change_under("d", &world.new_key("down")).await;
    assert_eq!((made.status, made.header("idempotency-replayed")), (201, None));
    assert_eq!(world.keys().await.len(), 3);
}

#[tokio::test]
async fn a_call_that_was_broken_off_may_be_made_again_after_a_minute() {
    let world = World::new().await;
    world.gate.shut("replace", Trouble::Silence);
    let change = world.new_key("late");
    let hung_up = tokio::time::timeout(std::time::Duration::from_millis(1), world.change_under("k", &change));
    assert!(hung_up.await.is_err());
    world.gate.open_up();
    world.advance(59);
    assert_eq!(world.change_under("k", &change).await.problem(), (409, "idempotency_in_flight".to_owned()));
    world.advance(1);
    assert_eq!(world.change_under("k", &change).await.status, 201);
    assert_eq!(world.keys().await.len(), 2);
}

#[tokio::test]
async fn what_is_remembered_holds_no_key_in_clear() {
    let world = World::new().await;
    let change = world.new_key("sealed");
    let made = text(&world.change_under("k", &change).await.ok(), "apiKey");
    let (by, body) = (world.customer.record.id.to_string(), change.body.to_string());
    let key = IdempotencyKey::new(&by, "POST", &change.path, "k", body.as_bytes());
    let lease = CallLease { realm: Realm::live(world.customer.id), key: key.call, until: world.now() };
    let kept = world.gate.store.begin(lease, key.body, world.now()).await.unwrap();
    let Begun::Answered(sealed) = kept else { panic!("not remembered: {kept:?}") };
    assert!(!sealed.as_bytes().windows(made.len()).any(|octets| octets == made.as_bytes()));
    // A status that is there already is answered, too, and changes nothing.
    let activate = Change {
        path: format!("/admin/customers/{}/activate", world.customer.id),
        body: Value::Null,
        key: world.operator.clone(),
    };
    let (first, trail) = (world.change_under("a", &activate).await, world.trail().await);
    let again = world.change_under("a", &activate).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!((again.header("idempotency-replayed"), world.trail().await), (Some("true"), trail));
}
