//! The keys a customer makes, rotates and takes back, and from where they may be used.

use axum::http::Method;
use otp_core::api_key::KeyKind;
use otp_core::tenants::KeySpec;
use serde_json::{Value, json};

use crate::world::{ADA, Ask, World, text};

impl World {
    pub(crate) fn keys_path(&self) -> String {
        format!("/admin/customers/{}/api-keys", self.customer.id)
    }

    /// As the customer, by his first key.
    fn own(&self, method: Method, path: &str) -> Ask<'_> {
        self.ask(method, path).key(&self.customer.key)
    }

    async fn listed(&self, id: &str) -> Value {
        let keys = self.own(Method::GET, &self.keys_path()).send().await.ok();
        keys["keys"].as_array().unwrap().iter().find(|key| key["keyId"] == id).unwrap().clone()
    }

    /// Whether `key` opens the account.
    async fn opens(&self, key: &str) -> bool {
        self.get("/admin/customers/me").key(key).send().await.status == 200
    }
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_itself() {
    let world = World::new().await;
    let body =
        json!({ "name": "deploy", "expiresAt": "2999-12-31T23:59:59Z", "allowedIps": ["192.0.2.7", "2001:db8::/32"] });
    let made = world.own(Method::POST, &world.keys_path()).json(body).send().await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let (key, id) = (text(&made, "apiKey"), text(&made, "keyId"));
    assert!(key.starts_with("otp_live_sk_"));
    let listed = world.listed(&id).await;
    assert_eq!(listed["prefix"], "otp_live_sk_");
    assert_eq!(listed["last4"], key[key.len() - 4..]);
    assert_eq!(listed["expiresAt"], "2999-12-31T23:59:59.000Z");
    assert_eq!(listed["allowedIps"], json!(["192.0.2.7/32", "2001:db8::/32"]));
    assert_eq!((&listed["status"], &listed["lastUsedAt"]), (&json!("active"), &Value::Null));
    assert!(!listed.to_string().contains(&key));
    let faults =
        json!({ "kind": "operator", "mode": "dev", "expiresAt": "2001-01-01T00:00:00Z", "allowedIps": ["x", 7] });
    let refused = world.own(Method::POST, &world.keys_path()).json(faults).send().await;
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_rotated_key_works_until_its_grace_ends() {
    let world = World::new().await;
    let first = world.customer.record.id.to_string();
    let path = format!("{}/{first}/rotate", world.keys_path());
    let rotated = world.own(Method::POST, &path).json(json!({ "graceSeconds": 60 })).send().await;
    assert_eq!(rotated.status, 201);
    let rotated = rotated.json();
    assert_eq!(rotated["oldKeyId"], first);
    let new = text(&rotated, "apiKey");
    world.advance(59);
    assert!(world.opens(&world.customer.key).await && world.opens(&new).await);
    assert_eq!(world.listed(&first).await["status"], "rotating");
    // It has a successor, so it gets no other.
    let again = world.own(Method::POST, &path).json(json!({})).send().await;
    assert_eq!(again.problem(), (409, "invalid_transition".to_owned()));
    world.advance(1);
    assert!(!world.opens(&world.customer.key).await && world.opens(&new).await);
    let keys = world.get(&world.keys_path()).key(&new).send().await.ok();
    let old = keys["keys"].as_array().unwrap().iter().find(|key| key["keyId"] == first).unwrap();
    assert_eq!(old["status"], "expired");
    assert_eq!(world.audited("api_key.rotated").await, 1);
    let long = world.ask(Method::POST, &path).key(&new).json(json!({ "graceSeconds": 604_801 })).send().await;
    assert_eq!(long.problem(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn the_last_key_stays() {
    let world = World::new().await;
    let revoke = |id: &str| world.own(Method::DELETE, &format!("{}/{id}", world.keys_path())).send();
    let first = world.customer.record.id.to_string();
    let end = Some(world.now().plus(std::time::Duration::from_secs(600)));
    // Neither a key that ends, nor a page's, nor one for tests would open the account for ever.
    world.key(KeySpec { expires_at: end, ..KeySpec::secret("ends") }).await;
    world.key(KeySpec { kind: KeyKind::Publishable, ..KeySpec::secret("page") }).await;
    assert_eq!(revoke(&first).await.problem(), (409, "last_key".to_owned()));
    let second = world.key(KeySpec::secret("second")).await;
    revoke(&first).await.ok();
    assert!(!world.opens(&world.customer.key).await && world.opens(&second).await);
}

#[tokio::test]
async fn keys_of_others_are_not_there() {
    let world = World::new().await;
    let other = world.customer("Other", "free").await;
    let (path, foreign) = (world.keys_path(), other.record.id);
    let theirs = format!("/admin/customers/{}/api-keys", other.id);
    let asks = [
        (Method::GET, theirs.clone()),
        (Method::POST, theirs.clone()),
        (Method::DELETE, format!("{theirs}/{foreign}")),
        (Method::POST, format!("{theirs}/{foreign}/rotate")),
        (Method::DELETE, format!("{path}/{foreign}")),
        (Method::POST, format!("{path}/{foreign}/rotate")),
        (Method::DELETE, format!("{path}/key_none")),
    ];
    for (method, path) in asks {
        assert_eq!(world.own(method, &path).send().await.problem(), (404, "not_found".to_owned()), "{path}");
    }
    assert!(world.opens(&other.key).await);
    let keys = world.get(&theirs).key(&other.key).send().await.ok();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_secret_key_is_used_from_where_it_may() {
    let world = World::new().await;
    world.configure(json!({ "allowedIps": ["192.0.2.0/24", "2001:db8::/32"] })).await;
    let ask = |key: &str, peer: &str| world.post("/auth/request-otp", json!({ "email": ADA })).key(key).peer(peer);
    for peer in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"] {
        assert_ne!(ask(&world.customer.key, peer).send().await.status, 403, "{peer}");
    }
    let refused = (403, "ip_not_allowed".to_owned());
    for peer in ["192.0.3.9", "::ffff:192.0.3.9", "2001:db9::1"] {
        assert_eq!(ask(&world.customer.key, peer).send().await.problem(), refused, "{peer}");
    }
    // Where nobody knows from where a call comes, it comes from nowhere.
    assert_eq!(world.call("/auth/request-otp", json!({ "email": ADA })).await.problem(), refused);
    let allowed_ips = vec!["192.0.2.1/32".parse().unwrap()];
    let narrow = world.key(KeySpec { allowed_ips, ..KeySpec::secret("narrow") }).await;
    assert_eq!(ask(&narrow, "192.0.2.9").send().await.problem(), refused);
    assert_ne!(ask(&narrow, "192.0.2.1").send().await.status, 403);
}

#[tokio::test]
async fn a_publishable_key_is_for_the_pages_of_its_customer() {
    let world = World::new().await;
    world.configure(json!({ "allowedOrigins": ["https://app.example.com", "https://*.example.net"] })).await;
    let page = world.key(KeySpec { kind: KeyKind::Publishable, ..KeySpec::secret("page") }).await;
    assert!(page.starts_with("otp_live_pk_"));
    let ask = || world.post("/auth/request-otp", json!({ "email": ADA })).key(&page).peer("203.0.113.9");
    ask().header("origin", "https://app.example.com").send().await.ok();
    ask().header("origin", "https://a.example.net").send().await.ok();
    let refused = (403, "origin_not_allowed".to_owned());
    for origin in ["https://app.example.com.evil.example", "https://example.net", "null", "http://app.example.com"] {
        assert_eq!(ask().header("origin", origin).send().await.problem(), refused, "{origin}");
    }
    assert_eq!(ask().send().await.problem(), refused, "from no page at all");
    let context = json!({ "email": ADA, "context": { "ip": "192.0.2.1" } });
    let told = world.post("/auth/request-otp", context).key(&page).header("origin", "https://app.example.com");
    assert_eq!(told.send().await.json()["errors"][0]["pointer"], "/context");
    for path in ["/admin/customers/me", "/admin/config", &world.keys_path()] {
        assert_eq!(world.get(path).key(&page).send().await.problem(), (403, "insufficient_scope".to_owned()));
    }
    // It counts by where the user is.
    let policy = ask().header("origin", "https://app.example.com").send().await;
    assert!(policy.header("ratelimit-policy").unwrap().contains("client-hour"));
}

#[tokio::test]
async fn tokens_are_not_used_from_foreign_pages() {
    let world = World::new().await;
    world.configure(json!({ "allowedOrigins": ["https://app.example.com"] })).await;
    let tokens = world.sign_in(ADA).await;
    let token = text(&tokens, "token");
    let me = |origin: &str| world.get("/auth/me").bearer(&token).header("origin", origin).send();
    me("https://app.example.com").await.ok();
    let refused = (403, "origin_not_allowed".to_owned());
    assert_eq!(me("https://evil.example").await.problem(), refused);
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    let foreign = world.post("/auth/refresh", refresh.clone()).header("origin", "https://evil.example").send().await;
    assert_eq!(foreign.problem(), refused);
    world.post("/auth/refresh", refresh).header("origin", "https://app.example.com").send().await.ok();
}

#[tokio::test]
async fn a_customer_has_a_hundred_keys_and_no_more() {
    let world = World::new().await;
    let make = || world.own(Method::POST, &world.keys_path()).json(json!({})).send();
    let mut last = String::new();
    for _ in 1..100 {
        last = text(&make().await.ok(), "keyId");
    }
    let too_many = (409, "too_many_keys".to_owned());
    assert_eq!(make().await.problem(), too_many);
    let rotate = |grace| {
        let path = format!("{}/{last}/rotate", world.keys_path());
        world.own(Method::POST, &path).json(json!({ "graceSeconds": grace })).send()
    };
    assert_eq!(rotate(1).await.problem(), too_many);
    assert_eq!(world.listed(&last).await["status"], "active");
    // One that ends at once makes room for its successor.
    rotate(0).await.ok();
    assert_eq!(make().await.problem(), too_many);
    // A call that came to nothing may be made again under its key.
    let repeated = || world.own(Method::POST, &world.keys_path()).json(json!({})).header("idempotency-key", "k").send();
    assert_eq!(repeated().await.problem(), too_many);
    let keys = world.own(Method::GET, &world.keys_path()).send().await.ok();
    let active = keys["keys"].as_array().unwrap().iter().filter(|key| key["status"] == "active");
    assert_eq!(active.clone().count(), 100);
    let some = text(active.clone().next_back().unwrap(), "keyId");
    world.own(Method::DELETE, &format!("{}/{some}", world.keys_path())).send().await.ok();
    repeated().await.ok();
}

#[tokio::test]
async fn keys_that_ended_long_ago_are_forgotten() {
    const DAY: u64 = 24 * 3600;
    let world = World::new().await;
    let count = async || {
        let keys = world.own(Method::GET, &world.keys_path()).send().await.ok();
        keys["keys"].as_array().unwrap().len()
    };
    let make = async |body: Value| {
        let made = world.own(Method::POST, &world.keys_path()).json(body).send().await.ok();
        format!("{}/{}", world.keys_path(), text(&made, "keyId"))
    };
    let revoke = async |path: String| world.own(Method::DELETE, &path).send().await.ok();
    let end = world.now().plus(std::time::Duration::from_secs(DAY)).to_string();
    make(json!({ "expiresAt": end })).await;
    let (revoked, kept) = (make(json!({})).await, make(json!({})).await);
    revoke(revoked).await;
    world.advance(90 * DAY);
    assert_eq!(count().await, 4, "nothing has changed");
    revoke(kept).await;
    assert_eq!(count().await, 3, "the revoked one is gone");
    world.advance(DAY);
    make(json!({})).await;
    assert_eq!(count().await, 3, "and now the one that expired a day later");

    // However many come and go, the last hundred are remembered.
    for _ in 0..110 {
        revoke(make(json!({})).await).await;
        world.advance(1);
    }
    assert_eq!(count().await, 102);
}
