//! What a plan holds: codes a day and a month, users, and how much of it is used.

use std::sync::Arc;

use futures::future::join_all;
use otp_core::audit::{AuditEntry, AuditEvent, Target};
use otp_core::port::AuditLog;
use otp_memory::MemoryStore;
use otp_testkit::RecordingMailer;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, Customer, World, code_in, settings};

/// Seconds from the beginning of a world to midnight.
const TO_MIDNIGHT: u64 = 6_400;

async fn ask(world: &World, customer: &Customer, email: &str) -> Answer {
    world.post("/auth/request-otp", json!({ "email": email })).key(&customer.key).send().await
}

/// Asks for `count` addresses nobody else asks for.
async fn spend(world: &World, name: &str, count: u32) -> Vec<Answer> {
    let emails: Vec<String> = (0..count).map(|n| format!("{name}{n}@example.org")).collect();
    join_all(emails.iter().map(|email| ask(world, &world.customer, email))).await
}

fn quota(answer: &Answer) -> [Option<&str>; 3] {
    ["x-quota-limit", "x-quota-remaining", "x-quota-reset"].map(|name| answer.header(name))
}

/// The entries of `event` in the customer's trail.
async fn told(world: &World, event: AuditEvent) -> Vec<AuditEntry> {
    let trail = world.gate.store.recent(world.customer.id, 1_000).await.unwrap();
    trail.into_iter().filter(|entry| entry.event == event).collect()
}

async fn usage(world: &World, customer: &Customer) -> Value {
    world.get("/admin/usage").key(&customer.key).send().await.ok()
}

#[tokio::test]
async fn the_fifty_first_code_of_a_day_is_refused_until_midnight() {
    let world = World::new().await;
    assert!(spend(&world, "ada", 50).await.iter().all(|answer| answer.status == 200));
    world.advance(TO_MIDNIGHT - 1);
    for _ in 0..3 {
        let refused = ask(&world, &world.customer, ADA).await;
        assert_eq!(refused.problem(), (429, "quota_exceeded".to_owned()));
        let body = refused.json();
        let members = [&body["reason"], &body["quota"], &body["usage"], &body["rule"]];
        assert_eq!(members, [&json!("daily_quota_exceeded"), &json!(50), &json!(50), &Value::Null]);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(quota(&refused), [Some("50"), Some("0"), Some("1")]);
        // The rates have room, and say so.
        assert_eq!(refused.header("x-ratelimit-remaining"), Some("3"));
    }
    let [exceeded] = &told(&world, AuditEvent::QuotaExceeded).await[..] else { panic!("not told once") };
    assert_eq!(exceeded.target, Some(Target::Customer(world.customer.id)));
    assert_eq!(told(&world, AuditEvent::QuotaWarning).await.len(), 1);
    assert!(told(&world, AuditEvent::RateLimitExceeded).await.is_empty());
    world.advance(1);
    let admitted = ask(&world, &world.customer, ADA).await;
    assert_eq!(quota(&admitted), [Some("50"), Some("49"), Some("86400")]);
    admitted.ok();
}

#[tokio::test]
async fn of_a_hundred_at_once_as_many_pass_as_the_day_has_left() {
    let mailer = Arc::new(RecordingMailer::new());
    let kv: Arc<MemoryStore> = Arc::default();
    let apart = World::limiting(settings(), mailer.clone(), mailer, Some(kv)).await;
    for world in [World::new().await, apart] {
        spend(&world, "ada", 45).await;
        let answers = spend(&world, "bob", 100).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 5);
        assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 95);
        for event in [AuditEvent::QuotaWarning, AuditEvent::QuotaExceeded] {
            assert_eq!(told(&world, event).await.len(), 1, "{event:?}");
        }
        assert_eq!(world.deliver().await.len(), 50);
        assert_eq!(usage(&world, &world.customer).await["usage"]["daily"], 50);
    }
}

#[tokio::test]
async fn headers_tell_of_the_quota_with_least_left() {
    let world = World::new().await;
    let first = ask(&world, &world.customer, ADA).await;
    assert_eq!(quota(&first), [Some("50"), Some("49"), Some("6400")]);
    let policy = first.header("ratelimit-policy").unwrap();
    // November has thirty days.
    assert!(policy.ends_with(", \"quota-day\";q=50;w=86400, \"quota-month\";q=1000;w=2592000"), "{policy}");
    let state = first.header("ratelimit").unwrap();
    assert!(state.ends_with(", \"quota-day\";r=49;t=6400, \"quota-month\";r=999;t=1388800"), "{state}");
    // What haste refuses tells of the quotas, too, and takes nothing of them.
    for _ in 0..2 {
        ask(&world, &world.customer, ADA).await.ok();
    }
    let hasty = ask(&world, &world.customer, ADA).await;
    assert_eq!(hasty.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(quota(&hasty), [Some("50"), Some("47"), Some("6400")]);
    // Of two with as much left, the later is told.
    let monthly = world.customer("Monthly", "even").await;
    assert_eq!(quota(&ask(&world, &monthly, ADA).await), [Some("9"), Some("8"), Some("1388800")]);
    // Without a day's quota the month's is told; without any, none.
    let enterprise = world.customer("Large", "enterprise").await;
    assert_eq!(quota(&ask(&world, &enterprise, ADA).await)[0], Some("100000"));
    let boundless = world.customer("Boundless", "boundless").await;
    assert_eq!(quota(&ask(&world, &boundless, ADA).await), [None; 3]);
}

#[tokio::test]
async fn a_month_that_is_used_up_says_so() {
    let world = World::new().await;
    let monthly = world.customer("Monthly", "even").await;
    for n in 0..9 {
        ask(&world, &monthly, &format!("ada{n}@example.org")).await.ok();
    }
    let refused = ask(&world, &monthly, ADA).await;
    // Of day and month the month frees up last.
    assert_eq!((refused.problem().0, &refused.json()["reason"]), (429, &json!("monthly_quota_exceeded")));
    assert_eq!(refused.header("retry-after"), Some("1388800"));
    world.advance(1_388_800);
    ask(&world, &monthly, ADA).await.ok();
}

#[tokio::test]
async fn there_are_no_more_users_than_the_plan_holds() {
    let world = World::new().await;
    let cosy = world.customer("Cosy", "cosy").await;
    let sign_in = async |email: &str| {
        ask(&world, &cosy, email).await.ok();
        let code = code_in(world.deliver().await.last().unwrap());
        let body = json!({ "email": email, "otp": code });
        let first = world.post("/auth/verify-otp", body.clone()).key(&cosy.key).send().await;
        (first, world.post("/auth/verify-otp", body).key(&cosy.key).send().await)
    };
    for email in ["bob@example.org", "cyd@example.org"] {
        assert_eq!(sign_in(email).await.0.ok()["isNewUser"], true);
    }
    for _ in 0..2 {
        let (refused, again) = sign_in(ADA).await;
        assert_eq!(refused.problem(), (403, "user_limit_reached".to_owned()));
        assert_eq!(again.problem(), (401, "otp_expired".to_owned()), "the code was not spent");
    }
    assert_eq!(sign_in("bob@example.org").await.0.ok()["isNewUser"], false);
    assert_eq!(usage(&world, &cosy).await["usage"], json!({ "daily": 5, "monthly": 5, "users": 2 }));
    let trail = world.gate.store.recent(cosy.id, 1_000).await.unwrap();
    let of = |event| trail.iter().filter(|entry| entry.event == event).count();
    assert_eq!((of(AuditEvent::UserCreated), of(AuditEvent::OtpVerified), of(AuditEvent::OtpFailed)), (2, 3, 2));
    // With more room he gets in.
    world.change(cosy.id, |tenant| tenant.plan = "boundless".to_owned()).await;
    assert_eq!(sign_in(ADA).await.0.ok()["isNewUser"], true);
}

#[tokio::test]
async fn usage_tells_what_quotas_are_drawn_from() {
    let world = World::new().await;
    let unused = json!({
        "success": true,
        "plan": "free",
        "quota": { "otpRequestsPerDay": 50, "otpRequestsPerMonth": 1000, "maxUsers": 100 },
        "usage": { "daily": 0, "monthly": 0, "users": 0 },
        "resetAt": { "daily": "2023-11-15T00:00:00.000Z", "monthly": "2023-12-01T00:00:00.000Z" },
    });
    assert_eq!(usage(&world, &world.customer).await, unused);
    world.sign_in(ADA).await;
    world.sign_in(ADA).await;
    let used = async || usage(&world, &world.customer).await["usage"].clone();
    assert_eq!(used().await, json!({ "daily": 2, "monthly": 2, "users": 1 }));
    world.advance(TO_MIDNIGHT);
    assert_eq!(used().await, json!({ "daily": 0, "monthly": 2, "users": 1 }));
    world.advance(16 * 86_400);
    assert_eq!(used().await, json!({ "daily": 0, "monthly": 0, "users": 1 }));
    // More than a smaller plan holds is told as it is.
    spend(&world, "bob", 20).await;
    world.change(world.customer.id, |tenant| tenant.plan = "even".to_owned()).await;
    let usage = usage(&world, &world.customer).await;
    assert_eq!((&usage["quota"]["otpRequestsPerDay"], &usage["usage"]["daily"]), (&json!(9), &json!(20)));
    let refused = ask(&world, &world.customer, ADA).await.json();
    assert_eq!((&refused["quota"], &refused["usage"]), (&json!(9), &json!(20)));
}

#[tokio::test]
async fn usage_is_counted_where_nothing_bounds_it() {
    let world = World::new().await;
    let boundless = world.customer("Boundless", "boundless").await;
    world.advance(TO_MIDNIGHT - 1);
    for n in 0..3 {
        ask(&world, &boundless, &format!("ada{n}@example.org")).await.ok();
    }
    world.advance(1);
    ask(&world, &boundless, ADA).await.ok();
    let expected = json!({
        "success": true,
        "plan": "boundless",
        "quota": { "otpRequestsPerDay": null, "otpRequestsPerMonth": null, "maxUsers": null },
        "usage": { "daily": 1, "monthly": 4, "users": 0 },
        "resetAt": { "daily": null, "monthly": null },
    });
    assert_eq!(usage(&world, &boundless).await, expected);
    // Nobody else's, and for the customer's own key.
    assert_eq!(usage(&world, &world.customer).await["usage"]["monthly"], 0);
    let operator = world.get("/admin/usage").key(&world.operator).send().await;
    assert_eq!(operator.problem(), (403, "insufficient_scope".to_owned()));
    assert_eq!(world.get("/admin/usage").send().await.problem(), (401, "invalid_api_key".to_owned()));
    let parameter = world.get("/admin/usage?month=1").key(&boundless.key).send().await;
    assert_eq!(parameter.faults(), [("/month".to_owned(), "unknown_parameter".to_owned())]);
}
