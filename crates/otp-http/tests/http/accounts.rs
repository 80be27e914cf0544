//! What operators and customers change of an account.

use axum::http::Method;
use otp_core::id::TenantId;
use serde_json::{Value, json};

use crate::world::{ADA, World, text};

impl World {
    fn put(&self, path: &str, body: Value) -> crate::world::Ask<'_> {
        self.ask(Method::PUT, path).json(body)
    }

    /// How many entries of `event` the customer's trail has.
    pub(crate) async fn audited(&self, event: &str) -> usize {
        let trail = self.services.deployment.stores().audit.recent(self.customer.id, 1_000).await.unwrap();
        let name = |event| serde_json::to_value(event).unwrap();
        trail.iter().filter(|entry| name(entry.event) == event).count()
    }
}

#[tokio::test]
async fn a_suspended_customer_is_shut_out_of_everything_at_once() {
    let world = World::new().await;
    let tokens = world.sign_in(ADA).await;
    let (_, code) = world.request(json!({ "email": "grace@example.org" })).await;
    let path = |what: &str| format!("/admin/customers/{}/{what}", world.customer.id);
    let suspended = world.post(&path("suspend"), json!({ "reason": "unpaid" })).key(&world.operator).send().await.ok();
    assert_eq!((&suspended["oldStatus"], &suspended["newStatus"]), (&json!("active"), &json!("suspended")));

    let refused = (403, "customer_suspended".to_owned());
    let token = text(&tokens, "token");
    for (path, body) in [
        ("/auth/request-otp", json!({ "email": ADA })),
        ("/auth/verify-otp", json!({ "email": "grace@example.org", "otp": code })),
        ("/auth/introspect", json!({ "token": token })),
    ] {
        assert_eq!(world.call(path, body).await.problem(), refused, "{path}");
    }
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    assert_eq!(world.post("/auth/refresh", refresh.clone()).send().await.problem(), refused);
    assert_eq!(world.get("/auth/me").bearer(&token).send().await.problem(), refused);
    // Its own key opens nothing, the way back least of all.
    let own = world.post(&path("activate"), json!({})).key(&world.customer.key).send().await;
    assert_eq!(own.problem(), refused);

    world.post(&path("activate"), json!({})).key(&world.operator).send().await.ok();
    assert_eq!(world.get("/auth/me").bearer(&token).send().await.status, 200);
    world.call("/auth/verify-otp", json!({ "email": "grace@example.org", "otp": code })).await.ok();
    assert_eq!(world.audited("customer.status_changed").await, 2);
}

#[tokio::test]
async fn the_same_status_writes_nothing_and_cancelled_is_final() {
    let world = World::new().await;
    let path = format!("/admin/customers/{}/status", world.customer.id);
    let set = |status: &str| world.put(&path, json!({ "status": status })).key(&world.operator).send();
    let same = set("active").await.ok();
    assert_eq!((&same["oldStatus"], &same["newStatus"]), (&json!("active"), &json!("active")));
    assert_eq!(world.audited("customer.status_changed").await, 0);
    world.advance(60);
    let at = set("cancelled").await.ok()["statusChangedAt"].clone();
    world.advance(60);
    assert_eq!(set("cancelled").await.ok()["statusChangedAt"], at);
    for status in ["active", "suspended"] {
        assert_eq!(set(status).await.problem(), (409, "invalid_transition".to_owned()));
    }
    assert_eq!(set("gone").await.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(world.audited("customer.status_changed").await, 1);
}

#[tokio::test]
async fn an_unknown_customer_and_the_service_itself_are_not_found() {
    let world = World::new().await;
    let unknown = TenantId::from_u128(99).to_string();
    for id in [unknown, TenantId::SERVICE.to_string(), "me".to_owned(), "%00".to_owned()] {
        let answers = [
            world.put(&format!("/admin/customers/{id}/status"), json!({ "status": "suspended" })),
            world.put(&format!("/admin/customers/{id}/plan"), json!({ "plan": "pro" })),
            world.post(&format!("/admin/customers/{id}/suspend"), json!({})),
            world.post(&format!("/admin/customers/{id}/activate"), json!({})),
        ];
        for ask in answers {
            assert_eq!(ask.key(&world.operator).send().await.problem(), (404, "not_found".to_owned()), "{id}");
        }
    }
}

#[tokio::test]
async fn a_plan_and_what_is_granted_besides_act_at_once() {
    let world = World::new().await;
    let plan = format!("/admin/customers/{}/plan", world.customer.id);
    let remaining = async || world.call("/auth/request-otp", json!({ "email": ADA })).await.ok()["remaining"].clone();
    assert_eq!(remaining().await, 2);
    let set = |body| world.put(&plan, body).key(&world.operator).send();
    let customer = set(json!({ "plan": "pro", "overrides": { "otpRequestsPerHour": 9 } })).await.ok();
    assert_eq!(customer["customer"]["plan"], "pro");
    assert_eq!(customer["customer"]["features"]["webhooks"], true);
    assert_eq!(remaining().await, 9 - 2);
    set(json!({ "plan": "starter" })).await.ok();
    assert_eq!(remaining().await, 10 - 3);
    assert_eq!(set(json!({ "plan": "golden" })).await.problem(), (400, "invalid_request".to_owned()));
    let negative = set(json!({ "plan": "pro", "overrides": { "maxUsers": -1, "other": 1 } })).await;
    assert_eq!(negative.json()["errors"].as_array().unwrap().len(), 2);
    assert_eq!(world.audited("customer.plan_changed").await, 2);
}

#[tokio::test]
async fn a_customer_names_himself() {
    let world = World::new().await;
    let rename = |body| world.put("/admin/customers/me", body).key(&world.customer.key).send();
    let renamed = rename(json!({ "name": " Acme ", "companyName": "Acme Ltd" })).await.ok();
    assert_eq!(renamed["customer"]["name"], "Acme");
    let kept = rename(json!({})).await.ok();
    assert_eq!((&kept["customer"]["name"], &kept["customer"]["companyName"]), (&json!("Acme"), &json!("Acme Ltd")));
    let me = world.get("/admin/customers/me").key(&world.customer.key).send().await.ok();
    assert_eq!(me["customer"], kept["customer"]);
    for body in [json!({ "name": "" }), json!({ "name": "a\u{7}" }), json!({ "plan": "pro" }), json!({ "name": null })]
    {
        assert_eq!(rename(body).await.problem(), (400, "invalid_request".to_owned()));
    }
}
