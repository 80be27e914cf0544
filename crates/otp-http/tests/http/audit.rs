//! The audit trail, as its customer reads it: every event of the contract, in pages, filtered, exported and sealed.

use std::collections::BTreeSet;

use axum::http::Method;
use otp_core::api_key::KeyKind;
use otp_core::audit::{AuditEvent, Trails};
use otp_core::id::TenantId;
use otp_core::realm::Mode;
use otp_core::tenants::KeySpec;
use serde_json::{Value, json};

use crate::world::{ADA, World, other_than, text};

impl World {
    pub(crate) async fn trail_page(&self, query: &str) -> Value {
        self.get(&format!("/admin/audit-logs{query}")).key(&self.customer.key).send().await.ok()
    }

    /// The events there are of one type, the newest first.
    async fn events(&self, event: &str) -> Vec<Value> {
        let page = self.trail_page(&format!("?eventType={event}&limit=100")).await;
        page["events"].as_array().unwrap().clone()
    }

    /// Does everything that is audited, as far as it is done by calls.
    async fn do_everything(&self) {
        let key = self.customer.key.clone();
        let secret = |spec: KeySpec| self.key(spec);
        // Sign-ins: right, wrong, five times wrong, refreshed, reused, ended in both ways.
        let user = self.sign_in(ADA).await;
        let (_, code) = self.request(json!({ "email": "bob@example.org" })).await;
        for _ in 0..5 {
            self.call("/auth/verify-otp", json!({ "email": "bob@example.org", "otp": other_than(&code) })).await;
        }
        let refresh = json!({ "refreshToken": user["refreshToken"] });
        let next = self.post("/auth/refresh", refresh.clone()).send().await.ok();
        self.post("/auth/logout", json!({})).bearer(&text(&next, "token")).send().await.ok();
        let again = json!({ "refreshToken": self.sign_in(ADA).await["refreshToken"] });
        self.post("/auth/refresh", again.clone()).send().await.ok();
        self.advance(60);
        self.post("/auth/refresh", again).send().await;
        self.sign_in(ADA).await;
        let of_user = format!("/admin/users/{}", text(&user, "userId"));
        self.ask(Method::DELETE, &format!("{of_user}/sessions")).key(&key).send().await.ok();
        self.get(&format!("{of_user}/export")).key(&key).send().await.ok();
        self.ask(Method::DELETE, &of_user).key(&key).send().await.ok();
        // Limits and quotas: three codes an hour, fifty a day.
        for _ in 0..4 {
            self.call("/auth/request-otp", json!({ "email": "cyd@example.org" })).await;
        }
        for n in 0..50 {
            self.call("/auth/request-otp", json!({ "email": format!("user{n}@example.org") })).await;
        }
        // Keys.
        let keys = format!("/admin/customers/{}/api-keys", self.customer.id);
        let made = self.post(&keys, json!({ "name": "second" })).key(&key).send().await.ok();
        let made = format!("{keys}/{}", text(&made, "keyId"));
        self.post(&format!("{made}/rotate"), json!({})).key(&key).send().await.ok();
        self.ask(Method::DELETE, &made).key(&key).send().await.ok();
        let expired = secret(KeySpec { expires_at: Some(self.now()), ..KeySpec::secret("old") }).await;
        self.get("/admin/usage").key(&expired).send().await;
        // What is configured, and what follows from it.
        let put = |path: &'static str, body: Value| self.ask(Method::PUT, path).json(body).key(&key).send();
        put("/admin/config", json!({ "config": { "locale": "de" } })).await.ok();
        put("/admin/config/email", json!({ "fromName": "Acme" })).await.ok();
        self.post("/admin/config/versions/1/restore", json!({})).key(&key).send().await.ok();
        let page = secret(KeySpec { kind: KeyKind::Publishable, ..KeySpec::secret("page") }).await;
        let foreign = self.post("/auth/request-otp", json!({ "email": ADA })).key(&page);
        foreign.header("origin", "https://evil.example").send().await;
        self.configure(json!({ "allowedIps": ["192.0.2.0/24"] })).await;
        self.get("/admin/usage").key(&key).peer("203.0.113.9").send().await;
        self.configure(json!({ "allowedIps": null })).await;
        // What operators do.
        let customer = format!("/admin/customers/{}", self.customer.id);
        let operator =
            |method: Method, path: String, body: Value| self.ask(method, &path).json(body).key(&self.operator).send();
        operator(Method::POST, format!("{customer}/suspend"), json!({ "reason": "unpaid" })).await.ok();
        operator(Method::POST, format!("{customer}/activate"), json!({})).await.ok();
        operator(Method::PUT, format!("{customer}/plan"), json!({ "plan": "pro" })).await.ok();
        // More mails to a stranger than anybody gets of strangers within an hour.
        self.advance(86_400);
        for _ in 0..21 {
            self.call("/auth/request-otp", json!({ "email": "stranger@example.org" })).await.ok();
        }
        self.deliver().await;
    }
}

/// Events of accounts that are only being opened: see `signup`.
const ELSEWHERE: [AuditEvent; 2] = [AuditEvent::SignupRequested, AuditEvent::SignupVerified];

#[tokio::test]
async fn every_event_is_told_and_read_back() {
    let world = World::new().await;
    world.do_everything().await;
    let mut missing = BTreeSet::new();
    for event in AuditEvent::ALL.iter().filter(|event| !ELSEWHERE.contains(event)) {
        let events = world.events(event.as_str()).await;
        let Some(last) = events.first() else {
            missing.insert(event.as_str());
            continue;
        };
        assert_eq!(text(last, "eventType"), event.as_str());
        let members: BTreeSet<_> = last.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "id",
            "eventType",
            "timestamp",
            "actor",
            "ip",
            "userAgent",
            "target",
            "details",
            "requestId",
            "mode",
            "seq",
        ];
        assert_eq!(members, expected.into_iter().collect());
        assert!(text(last, "id").starts_with("aud_"));
        assert_eq!(last["seq"], Value::Null, "nothing has sealed it");
    }
    assert!(missing.is_empty(), "{missing:?}");
    for address in [ADA, "bob@", "cyd@", "user7@"] {
        assert!(!world.trail_page("?limit=100").await.to_string().contains(address));
    }

    // A refusal at the door is told once a minute of each client, however often he knocks.
    let key = &world.customer.key;
    world.advance(61);
    let blocked = world.events("ip.blocked").await.len();
    world.configure(json!({ "allowedIps": ["192.0.2.0/24"] })).await;
    for peer in ["203.0.113.9", "203.0.113.9", "203.0.113.10", "203.0.113.9"] {
        world.get("/admin/usage").key(key).peer(peer).send().await;
    }
    let ask = world.get("/admin/audit-logs?eventType=ip.blocked&limit=100").key(key).peer("192.0.2.1");
    let events = ask.send().await.ok();
    assert_eq!(events["events"].as_array().unwrap().len(), blocked + 2);
    let newest: BTreeSet<_> = (0..2).map(|place| text(&events["events"][place], "ip")).collect();
    assert_eq!(newest, ["203.0.113.9", "203.0.113.10"].map(str::to_owned).into());
}

#[tokio::test]
async fn keys_nobody_has_are_told_to_the_service_and_malformed_ones_to_nobody() {
    let world = World::new().await;
    let other = World::new().await.customer.key;
    let told = async || world.told(TenantId::SERVICE, [AuditEvent::ApiKeyAuthFailed]).await;
    let typo = format!("{}x", &other[..other.len() - 1]);
    assert_eq!(world.get("/admin/usage").key(&typo).send().await.status, 401);
    let before = told().await;
    let unknown =
        otp_core::api_key::ApiKey::generate(KeyKind::Secret, Mode::Live, &otp_testkit::SeededEntropy::new(99));
    assert_eq!(world.get("/admin/usage").key(unknown.unwrap().expose()).send().await.status, 401);
    assert_eq!((before, told().await), ([0], [1]));
}

#[tokio::test]
async fn the_trail_is_read_in_pages_and_by_what_one_looks_for() {
    let world = World::new().await;
    for n in 0..7 {
        world.call("/auth/request-otp", json!({ "email": format!("a{n}@example.org") })).await.ok();
        world.advance(86_400);
    }
    let ids =
        |page: &Value| page["events"].as_array().unwrap().iter().map(|event| text(event, "id")).collect::<Vec<_>>();
    let all = world.trail_page("?eventType=otp.requested").await;
    assert_eq!((ids(&all).len(), &all["nextCursor"]), (7, &Value::Null));
    let mut paged = Vec::new();
    let mut query = "?eventType=otp.requested&limit=3".to_owned();
    loop {
        let page = world.trail_page(&query).await;
        paged.extend(ids(&page));
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("?eventType=otp.requested&limit=3&cursor={next}");
    }
    assert_eq!(paged, ids(&all));

    let day = world.trail_page("?eventType=otp.requested&startDate=2023-11-15&endDate=2023-11-16").await;
    assert_eq!(ids(&day), ids(&all)[4..6]);
    let instant = "?eventType=otp.requested&startDate=2023-11-15T22:13:20Z&endDate=2023-11-15T22:13:20Z";
    assert_eq!(ids(&world.trail_page(instant).await), ids(&all)[5..6]);
    let key = world.customer.record.id;
    assert_eq!(ids(&world.trail_page(&format!("?actor={key}&limit=100")).await), ids(&all));
    assert!(!ids(&world.trail_page("?actor=cli").await).is_empty());
    assert_eq!(ids(&world.trail_page("?actor=nobody").await), [""; 0]);
    let faults = world.get("/admin/audit-logs?eventType=x&startDate=2&limit=0&cursor=9&q=1").key(&world.customer.key);
    let faults: Vec<_> =
        faults.send().await.faults().into_iter().map(|(pointer, code)| pointer + " " + &code).collect();
    let expected = [
        "/cursor invalid_cursor",
        "/eventType invalid_choice",
        "/limit invalid_limit",
        "/q unknown_parameter",
        "/startDate invalid_date",
    ];
    assert_eq!(faults, expected);
}

#[tokio::test]
async fn an_export_holds_every_line_and_sealed_entries_their_places() {
    let world = World::new().await;
    for n in 0..20 {
        world.call("/auth/request-otp", json!({ "email": format!("a{n}@example.org") })).await.ok();
    }
    for n in 0..1_200 {
        world.tell_refused(n).await;
    }
    Trails::new(world.services.deployment.clone()).seal().await.unwrap();
    world.advance(1);
    world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    let ask = |query: &str| {
        world
            .get(&format!("/admin/audit-logs{query}"))
            .key(&world.customer.key)
            .header("accept", "application/x-ndjson")
    };
    let export = ask("").send().await;
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    let text_of = String::from_utf8(export.body).unwrap();
    let lines: Vec<Value> = text_of.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 1_221, "{}", lines.len());
    assert_eq!((&lines[0]["seq"], text(&lines[0], "eventType")), (&Value::Null, "otp.requested".to_owned()));
    let mut places: Vec<_> = lines[1..].iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, (1..lines.len() as u64).collect::<Vec<_>>());
    let ids: BTreeSet<_> = lines.iter().map(|line| text(line, "id")).collect();
    assert_eq!(ids.len(), lines.len());

    let few = ask("?eventType=otp.requested").send().await;
    assert_eq!(String::from_utf8(few.body).unwrap().lines().count(), 21);
    let none = ask("?eventType=user.deleted").send().await;
    assert_eq!((none.status, none.body.len()), (200, 0));
    assert_eq!(ask("?limit=0").send().await.status, 400);
}

impl World {
    /// An entry by itself.
    async fn tell_refused(&self, n: u32) {
        use otp_core::caller::{Actor, Caller, ClientAddress};
        use otp_core::realm::Realm;
        use otp_core::tenants::Refusal;
        let client = Some(ClientAddress::new(std::net::Ipv4Addr::from(0x0a00_0000 + n).into()));
        let caller = Caller { client, ..Caller::of(Actor::Anybody) };
        let realm = Realm::live(self.customer.id);
        self.services.tenants.tell_refusal(Refusal::Address, realm, None, &caller, None).await.unwrap();
    }
}
