//! What a customer sees of its traffic.

use std::collections::BTreeSet;

use otp_core::upkeep::Upkeep;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, World, other_than, text};

/// Names of the figures of a span.
const FIGURES: [&str; 12] = [
    "otpRequests",
    "otpVerifications",
    "successfulLogins",
    "failedAttempts",
    "emailsSent",
    "emailsFailed",
    "apiCalls",
    "storageUsed",
    "successRate",
    "uniqueUsers",
    "newUsers",
    "avgResponseTimeMs",
];

impl World {
    /// On a plan with analytics.
    async fn with_analytics() -> Self {
        let world = Self::new().await;
        world.change(world.customer.id, |tenant| tenant.plan = "pro".to_owned()).await;
        world
    }

    async fn analytics(&self, query: &str) -> Answer {
        self.deploy().write_traffic().await.unwrap();
        self.get(&format!("/admin/analytics{query}")).key(&self.customer.key).send().await
    }

    fn deploy(&self) -> &otp_core::deployment::Deployment {
        &self.services.deployment
    }

    /// One sign-in that takes a wrong code first.
    async fn stumble_in(&self, email: &str) {
        let (_, code) = self.request(json!({ "email": email })).await;
        self.call("/auth/verify-otp", json!({ "email": email, "otp": other_than(&code) })).await;
        self.call("/auth/verify-otp", json!({ "email": email, "otp": code })).await.ok();
    }
}

fn whole(value: &Value, member: &str) -> u64 {
    value[member].as_u64().unwrap_or_else(|| panic!("no number {member:?} in {value}"))
}

/// The figures of `value` that are not 0, but for those that take their time.
fn told(value: &Value) -> Vec<(&'static str, u64)> {
    let counted = FIGURES.iter().filter(|name| !["storageUsed", "successRate", "avgResponseTimeMs"].contains(*name));
    counted.map(|name| (*name, whole(value, name))).filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn traffic_is_told_by_the_span_across_midnight_and_the_end_of_a_month() {
    let world = World::with_analytics().await;
    // From 2023-11-14T22:13:20Z to half an hour before the end of the month.
    let days_left = 16 * 86_400 + 3_600 + 46 * 60 + 40;
    world.advance(days_left - 1_800);
    assert_eq!(world.now().to_string(), "2023-11-30T23:30:00.000Z");
    world.stumble_in(ADA).await;
    world.stumble_in("bob@example.org").await;
    world.advance(3_600);
    assert_eq!(world.now().to_string(), "2023-12-01T00:30:00.000Z");
    world.stumble_in(ADA).await;

    let before = |new| {
        vec![
            ("otpRequests", 2),
            ("otpVerifications", 4),
            ("successfulLogins", 2),
            ("failedAttempts", 2),
            ("emailsSent", 2),
            ("apiCalls", 6),
            ("uniqueUsers", 2),
            ("newUsers", new),
        ]
    };
    // A call for what is told now is one, too: each check adds it to the last span.
    let after = |looked: u64| {
        vec![
            ("otpRequests", 1),
            ("otpVerifications", 2),
            ("successfulLogins", 1),
            ("failedAttempts", 1),
            ("emailsSent", 1),
            ("apiCalls", 3 + looked),
            ("uniqueUsers", 1),
        ]
    };
    let mut looked = 0;
    for rolled in [false, true] {
        for (query, spans, starts) in [
            (
                "?granularity=hour&startDate=2023-11-30T20:00:00Z&endDate=2023-12-01T00:00:00Z",
                5,
                "2023-11-30T20:00:00.000Z",
            ),
            ("?granularity=day&startDate=2023-11-01&endDate=2023-12-01", 31, "2023-11-01T00:00:00.000Z"),
            ("?granularity=month&startDate=2023-10-05&endDate=2023-12-24", 3, "2023-10-01T00:00:00.000Z"),
        ] {
            let found = world.analytics(query).await.ok();
            let breakdown = found["breakdown"].as_array().unwrap();
            assert_eq!((breakdown.len(), text(&breakdown[0], "start")), (spans, starts.to_owned()), "{query}");
            assert_eq!(text(&found["period"], "startDate"), starts);
            for span in breakdown {
                let names: BTreeSet<_> = span.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(names, FIGURES.into_iter().chain(["start"]).collect());
            }
            assert_eq!(told(&breakdown[spans - 2]), before(2), "{query}, rolled up: {rolled}");
            let late = if rolled { 0 } else { looked };
            assert_eq!(told(&breakdown[spans - 1])[..5], after(late)[..5], "{query}, rolled up: {rolled}");
            for span in &breakdown[..spans - 2] {
                assert_eq!(told(span), [], "{query}");
            }
            let total = &found["metrics"];
            assert_eq!((whole(total, "otpRequests"), whole(total, "newUsers")), (3, 2));
            let unique = if query.contains("month") { Value::Null } else { json!(2) };
            assert_eq!(total["uniqueUsers"], unique, "{query}");
            assert_eq!(total["successRate"], json!(100.0));
            assert!(whole(total, "storageUsed") > 0);
            looked += 1;
        }
        world.advance(26 * 3_600);
        Upkeep::new(world.deploy().clone()).tidy().await.unwrap();
    }
}

#[tokio::test]
async fn an_empty_range_is_zeros() {
    let world = World::with_analytics().await;
    let usually = world.analytics("").await.ok();
    assert_eq!(usually["breakdown"].as_array().unwrap().len(), 30);
    assert_eq!(
        usually["period"],
        json!({
            "startDate": "2023-10-16T00:00:00.000Z", "endDate": "2023-11-14T23:59:59.999Z", "granularity": "day", "mode": "live",
        })
    );
    let past = world.analytics("?startDate=2020-02-28&endDate=2020-03-01").await.ok();
    assert_eq!(past["breakdown"].as_array().unwrap().len(), 3);
    for figures in past["breakdown"].as_array().unwrap().iter().chain([&past["metrics"]]) {
        assert_eq!(told(figures), []);
        assert_eq!((&figures["successRate"], &figures["avgResponseTimeMs"]), (&json!(0.0), &json!(0.0)));
    }
    let realtime = world.analytics("/realtime?mode=test").await.ok();
    let nothing = json!({ "otpRequests": 0, "otpVerifications": 0, "failedAttempts": 0, "activeUsers": 0 });
    assert_eq!((&realtime["currentHour"], &realtime["last24Hours"]), (&nothing, &nothing));
    assert_eq!((&realtime["responseTimeMetrics"], &realtime["errorRate"]), (&json!({}), &json!(0.0)));
    let errors = world.analytics("/errors?startDate=2020-01-01&endDate=2020-01-02").await.ok();
    assert_eq!((&errors["total"], &errors["byEndpoint"], &errors["recentErrors"]), (&json!(0), &json!({}), &json!([])));
    assert_eq!(errors["byCategory"].as_object().unwrap().len(), 7);
}

#[tokio::test]
async fn bad_ranges_are_told_where_they_are_bad() {
    let world = World::with_analytics().await;
    for (query, fault) in [
        ("?startDate=2023-13-01", "/startDate invalid_date"),
        ("?startDate=yesterday", "/startDate invalid_date"),
        ("?endDate=2023-02-29", "/endDate invalid_date"),
        ("?startDate=2023-11-02&endDate=2023-11-01", "/endDate reversed_range"),
        ("?startDate=2022-10-10&endDate=2023-11-14", "/startDate range_too_long"),
        ("?granularity=hour&startDate=2023-10-14&endDate=2023-11-14", "/startDate range_too_long"),
        ("?granularity=week", "/granularity invalid_choice"),
        ("?mode=both", "/mode invalid_choice"),
        ("?startDate=2023-11-01&startDate=2023-11-01", "/startDate duplicate_parameter"),
        ("/errors?category=bad", "/category invalid_choice"),
        ("/errors?granularity=day", "/granularity unknown_parameter"),
        ("/realtime?startDate=2023-11-01", "/startDate unknown_parameter"),
    ] {
        let faults = world.analytics(query).await.faults();
        let faults: Vec<_> = faults.iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
        assert_eq!(faults, [fault], "{query}");
    }
    for query in [
        "?startDate=2022-10-11&endDate=2023-11-14",
        "?granularity=hour&startDate=2023-10-15&endDate=2023-11-14",
        "?startDate=2023-11-14T23:00:00%2B01:00",
        "?startDate=2024-02-29",
    ] {
        world.analytics(query).await.ok();
    }
}

#[tokio::test]
async fn live_and_test_are_apart_and_the_plan_decides_who_looks() {
    let world = World::with_analytics().await;
    let spec =
        otp_core::tenants::KeySpec { mode: otp_core::realm::Mode::Test, ..otp_core::tenants::KeySpec::secret("t") };
    let test = world.key(spec).await;
    world.post("/auth/request-otp", json!({ "email": ADA })).key(&test).send().await.ok();
    world.stumble_in(ADA).await;
    let requests = async |query: &str| whole(&world.analytics(query).await.ok()["metrics"], "otpRequests");
    assert_eq!((requests("").await, requests("?mode=test").await, requests("?mode=live").await), (1, 1, 1));
    let calls = async |query: &str| whole(&world.analytics(query).await.ok()["metrics"], "apiCalls");
    assert_eq!(calls("?mode=test").await, 1);

    world.change(world.customer.id, |tenant| tenant.plan = "free".to_owned()).await;
    for path in ["", "/realtime", "/errors"] {
        assert_eq!(world.analytics(path).await.problem(), (403, "feature_not_in_plan".to_owned()), "{path}");
    }
    assert_eq!(world.get("/admin/usage").key(&world.customer.key).send().await.status, 200);
}

#[tokio::test]
async fn what_happens_now_is_told_to_the_minute() {
    let world = World::with_analytics().await;
    world.stumble_in(ADA).await;
    world.call("/auth/verify-otp", json!({ "otp": "1", "email": ADA })).await;
    let counted = |now: &Value, since: &str| {
        let counts = &now[since];
        ["otpRequests", "otpVerifications", "failedAttempts", "activeUsers"].map(|name| whole(counts, name))
    };
    let now = world.analytics("/realtime").await.ok();
    assert_eq!([counted(&now, "currentHour"), counted(&now, "last24Hours")], [[1, 2, 1, 1]; 2]);
    let routes = now["responseTimeMetrics"].as_object().unwrap();
    assert_eq!(routes["/auth/request-otp"]["count"], 1);
    let verify = &routes["/auth/verify-otp"];
    assert_eq!(verify["count"], 3);
    let times = ["avg", "p50", "p95", "p99"].map(|name| verify[name].as_f64().unwrap());
    assert!(times.iter().all(|millis| (0.0..60_000.0).contains(millis)) && times[1..].is_sorted(), "{times:?}");
    // Of four calls a wrong code and a malformed one.
    assert_eq!(now["errorRate"], json!(50.0));
    assert_eq!(text(&now, "lastUpdated"), world.now().to_string());

    // Into the next hour; then past the last hour; then out of the last day, which begins with a minute.
    world.advance(3_600);
    let now = world.analytics("/realtime").await.ok();
    assert_eq!([counted(&now, "currentHour"), counted(&now, "last24Hours")], [[0; 4], [1, 2, 1, 1]]);
    world.advance(22 * 3_600 + 3_540);
    let now = world.analytics("/realtime").await.ok();
    assert_eq!(counted(&now, "last24Hours"), [1, 2, 1, 1]);
    assert!(!now["responseTimeMetrics"].as_object().unwrap().contains_key("/auth/verify-otp"));
    world.advance(120);
    let now = world.analytics("/realtime").await.ok();
    assert_eq!(counted(&now, "last24Hours"), [0; 4]);
}

#[tokio::test]
async fn what_goes_wrong_is_told_by_category_place_and_code() {
    let world = World::with_analytics().await;
    world.call("/auth/request-otp", json!({ "email": "not an address" })).await;
    let id = world.post("/auth/verify-otp", json!({ "otp": "123456789", "email": ADA })).key(&world.customer.key);
    id.header("x-request-id", "mine-1").send().await;
    for _ in 0..60 {
        world.call("/auth/request-otp", json!({ "email": ADA })).await;
    }
    // A mail nobody takes.
    world.advance(3_600);
    world.mailer.script([otp_core::port::Delivery::BadRecipient]);
    world.call("/auth/request-otp", json!({ "email": "bob@example.org" })).await.ok();
    world.deliver().await;

    let errors = world.analytics("/errors").await.ok();
    let by = &errors["byCategory"];
    let counted = ["validation", "authentication", "rate_limit", "email_delivery", "internal"];
    assert_eq!(counted.map(|category| whole(by, category)), [1, 1, 10, 1, 0], "{errors}");
    assert_eq!(whole(&errors, "total"), 13);
    assert_eq!(errors["byEndpoint"], json!({ "/auth/request-otp": 11, "/auth/verify-otp": 1, "email": 1 }));
    assert_eq!(
        errors["byCode"],
        json!({
            "bad_recipient": 1, "invalid_request": 1, "otp_expired": 1, "rate_limited": 10,
        })
    );
    let recent = errors["recentErrors"].as_array().unwrap();
    assert_eq!((recent.len(), text(&recent[0], "category")), (13, "email_delivery".to_owned()));
    assert_eq!(recent[0]["requestId"], Value::Null);
    let named: Vec<_> = recent.iter().filter(|error| error["requestId"] == "mine-1").collect();
    assert_eq!((named.len(), text(named[0], "code")), (1, "otp_expired".to_owned()));
    assert!(!errors.to_string().contains("example.org"), "no address in {errors}");

    let one = world.analytics("/errors?category=authentication").await.ok();
    assert_eq!((whole(&one, "total"), one["recentErrors"].as_array().unwrap().len()), (1, 1));
    let tomorrow = world.analytics("/errors?startDate=2023-11-16").await.ok();
    assert_eq!(whole(&tomorrow, "total"), 0);
}
