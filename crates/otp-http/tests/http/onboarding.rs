//! How far a customer has come with setting up its account.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{World, code_in, text};

impl World {
    async fn steps(&self) -> (Value, bool, bool) {
        let told = self.get("/admin/onboarding").key(&self.customer.key).send().await.ok();
        let onboarding = &told["onboarding"];
        assert_eq!(text(onboarding, "customerId"), self.customer.id.to_string());
        let flag = |name: &str| onboarding[name].as_bool().unwrap();
        (onboarding["steps"].clone(), flag("completed"), flag("dismissed"))
    }
}

#[tokio::test]
async fn steps_are_derived_from_what_is_there() {
    let world = World::new().await;
    let steps = |verified: bool, tested: bool, template: bool| {
        json!({
            "accountCreated": true, "emailVerified": verified, "apiKeyGenerated": true, "firstTestCompleted": tested,
            "webhookConfigured": false, "emailTemplateConfigured": template,
        })
    };
    assert_eq!(world.steps().await, (steps(false, false, false), false, false));

    // A code for the owner, who signs in with it: his mail is read, and something was tried.
    let asked = world.post("/admin/onboarding/test-otp", json!({})).key(&world.customer.key).send().await;
    assert!(asked.header("x-ratelimit-limit").is_some());
    let asked = asked.ok();
    let code = code_in(&world.deliver().await[0]);
    let verify = json!({ "challengeId": asked["challengeId"], "otp": code });
    assert_eq!(text(&world.call("/auth/verify-otp", verify).await.ok(), "email"), "owner@example.example");
    assert_eq!(world.steps().await, (steps(true, true, false), true, false), "all that the plan allows");

    world.change(world.customer.id, |tenant| tenant.plan = "pro".to_owned()).await;
    assert!(!world.steps().await.1, "more is to be done on a plan that allows more");
    world.configure(json!({ "emailConfig": { "textTemplate": "{{otp}}" } })).await;
    assert_eq!(world.steps().await, (steps(true, true, true), false, false));
}

#[tokio::test]
async fn it_is_dismissed_and_taken_up_again() {
    let world = World::new().await;
    let put = |body: Value| world.ask(Method::PUT, "/admin/onboarding").json(body).key(&world.customer.key).send();
    assert_eq!(put(json!({ "dismissed": true })).await.ok()["onboarding"]["dismissed"], true);
    assert!(world.steps().await.2);
    assert_eq!(put(json!({ "dismissed": false })).await.ok()["onboarding"]["dismissed"], false);
    assert_eq!(put(json!({})).await.faults(), [("/dismissed".to_owned(), "required".to_owned())]);
    let faults = put(json!({ "dismissed": "yes", "completed": true })).await.faults();
    assert_eq!(faults.len(), 2);
}

#[tokio::test]
async fn a_code_for_trying_goes_to_the_owner_alone_and_is_drawn_like_any() {
    let world = World::new().await;
    let ask = |body: Value| world.post("/admin/onboarding/test-otp", body).key(&world.customer.key).send();
    let owner = json!({ "email": "Owner@EXAMPLE.example" });
    assert_eq!(ask(json!({ "email": "ada@example.org" })).await.problem(), (403, "recipient_not_allowed".to_owned()));
    assert_eq!(world.deliver().await.len(), 0);
    for _ in 0..3 {
        ask(owner.clone()).await.ok();
    }
    assert_eq!(ask(owner).await.problem(), (429, "rate_limited".to_owned()));
}
