//! What a customer sets, in versions.

use std::collections::BTreeSet;

use axum::http::Method;
use futures::future::join_all;
use otp_core::port::{Age, TenantStore};
use serde_json::{Value, json};

use crate::world::{ADA, Answer, Ask, World};

impl World {
    fn put_config(&self, config: Value) -> Ask<'_> {
        self.ask(Method::PUT, "/admin/config").json(json!({ "config": config })).key(&self.customer.key)
    }

    async fn config(&self) -> Answer {
        self.get("/admin/config").key(&self.customer.key).send().await
    }
}

fn pointers(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no errors in {body}"));
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    pointers.sort_unstable();
    pointers
}

#[tokio::test]
async fn what_is_not_sent_stays_and_null_brings_the_default_back() {
    let world = World::new().await;
    let first = world.config().await;
    assert_eq!(first.header("etag"), Some("\"1\""));
    let defaults = first.ok();
    assert_eq!(
        defaults["config"]["otp"],
        json!({ "length": 9, "ttlSeconds": 600, "maxAttempts": 5, "testCode": null })
    );
    assert_eq!(defaults["config"]["rateLimits"]["otpRequestsPerHour"], 3);

    world.put_config(json!({ "otp": { "length": 6, "maxAttempts": 3 }, "locale": "de-AT" })).send().await.ok();
    let changed = world.put_config(json!({ "otp": { "ttlSeconds": 60 } })).send().await;
    assert_eq!(changed.header("etag"), Some("\"3\""));
    let changed = changed.ok();
    assert_eq!(changed["config"]["otp"], json!({ "length": 6, "ttlSeconds": 60, "maxAttempts": 3, "testCode": null }));
    assert_eq!(changed["config"]["locale"], "de");
    world.put_config(json!({ "otp": { "length": null }, "locale": null })).send().await.ok();
    let left = world.put_config(json!({ "otp": null, "tokens": {} })).send().await.ok();
    assert_eq!(left["config"], defaults["config"]);
    assert_eq!(left["configVersion"], 5);
    // What changes nothing makes no version.
    assert_eq!(world.put_config(json!({ "otp": null })).send().await.ok()["configVersion"], 5);
    assert_eq!(world.audited("config.updated").await, 4);
}

#[tokio::test]
async fn every_fault_is_told_at_once_with_its_place() {
    let world = World::new().await;
    let refused = world
        .put_config(json!({
            "otp": { "length": 5, "testCode": "12345", "colour": 1 },
            "rateLimits": { "otpRequestsPerHour": 4, "maxUsers": -1, "perClientPerHour": 0 },
            "allowedOrigins": ["https://a.example", "null", "https://*.com"],
            "allowedIps": "192.0.2.1",
            "blockedEmails": [7],
            "tokens": { "accessTtlSeconds": 10 },
            "emailConfig": { "fromEmail": "x", "codeInSubject": "yes", "variables": { "brandColor": "red", "logoUrl": "http://a" } },
            "a/b": 1,
        }))
        .send()
        .await;
    assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
    let expected = [
        "/allowedIps",
        "/allowedOrigins/1",
        "/allowedOrigins/2",
        "/a~1b",
        "/blockedEmails/0",
        "/emailConfig/codeInSubject",
        "/emailConfig/fromEmail",
        "/emailConfig/variables/brandColor",
        "/emailConfig/variables/logoUrl",
        "/otp/colour",
        "/otp/length",
        "/otp/testCode",
        "/rateLimits/maxUsers",
        "/rateLimits/otpRequestsPerHour",
        "/rateLimits/perClientPerHour",
        "/tokens/accessTtlSeconds",
    ];
    let expected: BTreeSet<String> = expected.map(|pointer| format!("/config{pointer}")).into();
    assert_eq!(pointers(&refused).into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(world.config().await.ok()["configVersion"], 1);

    // Longer than other bodies may be, too.
    let twice = r#"{"config":{"otp":{"length":6,"length":7}}}"#.to_owned() + &" ".repeat(20 * 1024);
    let ask = world.ask(Method::PUT, "/admin/config").key(&world.customer.key);
    let twice = ask.header("content-type", "application/json").body(twice);
    assert_eq!(pointers(&twice.send().await), ["/config/otp/length"]);
    let email = world.ask(Method::PUT, "/admin/config/email").json(json!({ "replyTo": "x", "other": 1 }));
    assert_eq!(pointers(&email.key(&world.customer.key).send().await), ["/other", "/replyTo"]);
}

#[tokio::test]
async fn one_of_those_who_name_a_version_wins_and_all_others_show() {
    let world = World::new().await;
    let racers = (0..10).map(|n| world.put_config(json!({ "otp": { "maxAttempts": n % 9 + 1 } })));
    let answers = join_all(racers.map(|ask| ask.header("if-match", "\"1\"").send())).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(200), with(412)), (1, 9));

    let members = [
        json!({ "otp": { "length": 8 } }),
        json!({ "otp": { "ttlSeconds": 120 } }),
        json!({ "rateLimits": { "otpRequestsPerHour": 2 } }),
        json!({ "rateLimits": { "perClientPerHour": 7 } }),
        json!({ "locale": "fr" }),
        json!({ "allowedOrigins": ["https://a.example"] }),
        json!({ "blockedEmails": ["@b.example"] }),
        json!({ "tokens": { "accessTtlSeconds": 300 } }),
        json!({ "otp": { "maxAttempts": 4 } }),
        json!({ "emailConfig": { "fromName": "A" } }),
    ];
    for answer in join_all(members.iter().map(|member| world.put_config(member.clone()).send())).await {
        answer.ok();
    }
    let config = world.config().await.ok()["config"].clone();
    for member in members {
        assert!(holds(&config, &member), "{member} is not in {config}");
    }
}

/// Whether all that is in `part` is in `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    match part.as_object() {
        Some(members) => members.iter().all(|(name, value)| holds(&whole[name], value)),
        None => whole == part,
    }
}

#[tokio::test]
async fn a_version_can_be_looked_at_and_restored() {
    let world = World::new().await;
    world.put_config(json!({ "otp": { "length": 6 } })).send().await.ok();
    world.put_config(json!({ "otp": { "length": 7 }, "locale": "es" })).send().await.ok();
    let versions = |query: &str| world.get(&format!("/admin/config/versions{query}")).key(&world.customer.key).send();
    let numbers = |body: &Value| -> Vec<u64> {
        body["versions"].as_array().unwrap().iter().map(|version| version["configVersion"].as_u64().unwrap()).collect()
    };
    let page = versions("?limit=2").await.ok();
    assert_eq!(numbers(&page), [3, 2]);
    let rest = versions(&format!("?limit=2&cursor={}", page["nextCursor"].as_str().unwrap())).await.ok();
    assert_eq!((numbers(&rest), &rest["nextCursor"]), (vec![1], &Value::Null));
    assert_eq!(versions("/2").await.ok()["config"]["otp"]["length"], 6);
    for none in ["/0", "/4", "/x"] {
        assert_eq!(versions(none).await.problem(), (404, "not_found".to_owned()));
    }
    let restore = |number: u64| {
        world.ask(Method::POST, &format!("/admin/config/versions/{number}/restore")).key(&world.customer.key).send()
    };
    let restored = restore(2).await.ok();
    assert_eq!((&restored["configVersion"], &restored["config"]["otp"]["length"]), (&json!(4), &json!(6)));
    assert_eq!(restored["config"]["locale"], "en");
    assert_eq!(restore(9).await.problem(), (404, "not_found".to_owned()));
    assert_eq!(world.audited("config.restored").await, 1);
}

#[tokio::test]
async fn a_version_is_restored_within_the_plan_of_today() {
    let world = World::new().await;
    let plan = |plan: &'static str| world.change(world.customer.id, move |tenant| tenant.plan = plan.to_owned());
    plan("pro").await;
    world.put_config(json!({ "rateLimits": { "otpRequestsPerHour": 40 } })).send().await.ok();
    world.put_config(json!({ "emailConfig": { "subjectTemplate": "A code" } })).send().await.ok();
    world.put_config(json!({ "rateLimits": null, "emailConfig": null })).send().await.ok();
    plan("free").await;
    let restore = |number: u64| {
        world.ask(Method::POST, &format!("/admin/config/versions/{number}/restore")).key(&world.customer.key).send()
    };
    assert_eq!(pointers(&restore(2).await), ["/rateLimits/otpRequestsPerHour"]);
    plan("starter").await;
    assert_eq!(pointers(&restore(2).await), ["/rateLimits/otpRequestsPerHour"]);
    plan("free").await;
    let template = world.put_config(json!({ "emailConfig": { "subjectTemplate": "A code" } })).send().await;
    assert_eq!(template.problem(), (403, "feature_not_in_plan".to_owned()));
}

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let world = World::new().await;
    world.change(world.customer.id, |tenant| tenant.plan = "pro".to_owned()).await;
    let secret = "re_a_very_secret_value";
    let provider = json!({ "provider": { "kind": "resend", "apiKey": secret } });
    let put = world.ask(Method::PUT, "/admin/config/email").json(provider).key(&world.customer.key).send().await.ok();
    let shown = json!({ "kind": "resend", "fallback": false, "secretSet": true });
    assert_eq!(put["emailConfig"]["provider"], shown);
    // What is sealed stays when an earlier version comes back.
    let restored = world.ask(Method::POST, "/admin/config/versions/1/restore").key(&world.customer.key).send().await;
    assert_eq!(restored.ok()["config"]["emailConfig"]["provider"], shown);
    let tenant = world.gate.store.get(world.customer.id, Age::Fresh).await.unwrap().unwrap();
    let trail = world.services.deployment.stores().audit.recent(world.customer.id, 100).await.unwrap();
    let kept = format!("{}{}", serde_json::to_string(&tenant).unwrap(), serde_json::to_string(&trail).unwrap());
    assert!(!kept.contains(secret) && !format!("{tenant:?}").contains(secret));
    let opened = tenant.settings().email_config.provider.as_ref().unwrap().secrets["apiKey"].clone();
    assert_eq!(opened.open(tenant.id, world.services.deployment.keys()).unwrap(), secret);
    let missing = world.put_config(json!({ "emailConfig": { "provider": { "kind": null } } })).send().await;
    assert_eq!(pointers(&missing), ["/config/emailConfig/provider/kind"]);
}

#[tokio::test]
async fn what_is_set_decides() {
    let world = World::new().await;
    world
        .put_config(json!({
            "otp": { "length": 6, "ttlSeconds": 60, "maxAttempts": 2 },
            "rateLimits": { "otpRequestsPerHour": 2 },
            "tokens": { "accessTtlSeconds": 300, "refreshIdleSeconds": 600, "audience": "https://api.example" },
            "locale": "de",
            "emailConfig": { "variables": { "appName": "Lagerhaus" } },
        }))
        .send()
        .await
        .ok();
    let asked = world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    assert_eq!((&asked["expiresIn"], &asked["remaining"]), (&json!(60), &json!(1)));
    let mail = world.deliver().await.remove(0);
    assert!(mail.contains("Anmelden bei Lagerhaus"), "{mail}");
    let code = mail.lines().find(|line| line.len() == 6 && line.bytes().all(|octet| octet.is_ascii_digit())).unwrap();
    let wrong = world.call("/auth/verify-otp", json!({ "email": ADA, "otp": crate::world::other_than(code) })).await;
    assert_eq!(wrong.json()["remainingAttempts"], 1);
    let signed_in = world.call("/auth/verify-otp", json!({ "email": ADA, "otp": code })).await.ok();
    assert_eq!(signed_in["expiresIn"], 300);
    let alive = world.call("/auth/introspect", json!({ "token": signed_in["token"] })).await.json();
    assert_eq!((&alive["active"], &alive["aud"]), (&json!(true), &json!("https://api.example")));
    world.advance(600);
    let refresh = json!({ "refreshToken": signed_in["refreshToken"] });
    assert_eq!(world.post("/auth/refresh", refresh).send().await.problem(), (401, "invalid_token".to_owned()));
}
