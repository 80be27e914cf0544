//! Test mode: a world of its own beside the live one.

use otp_core::api_key::KeyKind;
use otp_core::realm::Mode;
use otp_core::tenants::KeySpec;
use serde_json::{Value, json};

use crate::world::{ADA, World, text};

impl World {
    async fn test_key(&self) -> String {
        self.key(KeySpec { mode: Mode::Test, ..KeySpec::secret("test") }).await
    }
}

#[tokio::test]
async fn the_code_of_test_mode_is_known_and_nothing_is_mailed() {
    let world = World::new().await;
    let key = world.test_key().await;
    assert!(key.starts_with("otp_test_sk_"));
    let ask = |path: &str, body: Value| world.post(path, body).key(&key).send();
    let asked = ask("/auth/request-otp", json!({ "email": ADA })).await.ok();
    assert!(world.deliver().await.is_empty());
    let verify = json!({ "challengeId": asked["challengeId"], "otp": "424242424" });
    let signed_in = ask("/auth/verify-otp", verify).await.ok();
    assert_eq!(signed_in["isNewUser"], true);
    let alive = ask("/auth/introspect", json!({ "token": signed_in["token"] })).await.json();
    assert_eq!(alive["iss"], format!("https://otp.example.org/t/{}/test", world.customer.id));

    world.configure(json!({ "otp": { "length": 6, "testCode": "000000" } })).await;
    ask("/auth/request-otp", json!({ "email": ADA })).await.ok();
    let usual = ask("/auth/verify-otp", json!({ "email": ADA, "otp": "424242" })).await;
    assert_eq!(usual.problem(), (401, "otp_invalid".to_owned()));
    ask("/auth/verify-otp", json!({ "email": ADA, "otp": "000000" })).await.ok();
}

#[tokio::test]
async fn live_and_test_never_meet() {
    let world = World::new().await;
    let key = world.test_key().await;
    let live = world.sign_in(ADA).await;
    let ask = |path: &str, body: Value| world.post(path, body).key(&key).send();
    ask("/auth/request-otp", json!({ "email": ADA })).await.ok();
    // A test code signs nobody in live, and the other way round.
    let crossed = world.call("/auth/verify-otp", json!({ "email": ADA, "otp": "424242424" })).await;
    assert_eq!(crossed.problem(), (401, "otp_expired".to_owned()));
    let test = ask("/auth/verify-otp", json!({ "email": ADA, "otp": "424242424" })).await.ok();
    assert_eq!(test["isNewUser"], true, "the live user is not there");
    assert_ne!(test["userId"], live["userId"]);

    let dead = json!({ "active": false });
    assert_eq!(world.call("/auth/introspect", json!({ "token": test["token"] })).await.json(), dead);
    assert_eq!(ask("/auth/introspect", json!({ "token": live["token"] })).await.json(), dead);
    let refused = (401, "invalid_token".to_owned());
    let me = |token: &Value, key: &str| world.get("/auth/me").bearer(token.as_str().unwrap()).key(key).send();
    assert_eq!(me(&test["token"], &world.customer.key).await.problem(), refused);
    assert_eq!(me(&live["token"], &key).await.problem(), refused);
    assert_eq!(me(&test["token"], &key).await.ok()["userId"], test["userId"]);
    assert_eq!(world.get("/auth/me").bearer(&text(&test, "token")).send().await.ok()["userId"], test["userId"]);
    let refresh = |tokens: &Value, key: &str| {
        world.post("/auth/refresh", json!({ "refreshToken": tokens["refreshToken"] })).key(key).send()
    };
    assert_eq!(refresh(&test, &world.customer.key).await.problem(), refused);
    assert_eq!(refresh(&live, &key).await.problem(), refused);
    refresh(&test, &key).await.ok();
    refresh(&live, &world.customer.key).await.ok();
}

#[tokio::test]
async fn test_keys_open_sign_in_alone_and_draw_no_quota() {
    let world = World::new().await;
    let (secret, page) = (
        world.test_key().await,
        world.key(KeySpec { kind: KeyKind::Publishable, mode: Mode::Test, ..KeySpec::secret("page") }).await,
    );
    assert!(page.starts_with("otp_test_pk_"));
    for key in [&secret, &page] {
        for path in ["/admin/customers/me", "/admin/config", "/admin/usage"] {
            assert_eq!(world.get(path).key(key).send().await.problem(), (403, "insufficient_scope".to_owned()));
        }
    }
    let asked = world.post("/auth/request-otp", json!({ "email": ADA })).key(&secret).send().await;
    assert_eq!(asked.header("x-quota-limit"), None);
    asked.ok();
    let usage = world.get("/admin/usage").key(&world.customer.key).send().await.ok();
    assert_eq!(usage["usage"]["daily"], 0);
}
