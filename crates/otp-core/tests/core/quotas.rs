//! Quotas: what a plan holds for a tenant in a day and a month, and who is told of it.

use otp_core::audit::{AuditEntry, AuditEvent, Target};
use otp_core::limit::{DAY, HOUR, Rule, Window};
use otp_core::otp::RateLimited;
use otp_core::prelude::*;
use otp_core::time::Timestamp;

use crate::scene::Scene;

/// The day in which scenes begin, 2027-01-15, ends.
const MIDNIGHT: Timestamp = Timestamp::from_millis(1_800_057_600_000);

/// Limits in the same store as all else, and in one of their own.
async fn scenes(plan: &str) -> [Scene; 2] {
    [Scene::on_plan(plan).await, Scene::with_limits_apart(plan).await]
}

async fn ask(scene: &Scene, email: &str) -> Result<Issued, RequestError> {
    scene.otp.issue(&scene.acme, email).await
}

/// Asks for `count` addresses nobody else asks for.
async fn spend(scene: &Scene, name: &str, count: u32) {
    for n in 0..count {
        scene.ask(&format!("{name}{n}@example.org")).await;
    }
}

async fn exceeded(scene: &Scene, email: &str) -> RateLimited {
    match ask(scene, email).await {
        Err(RequestError::QuotaExceeded(limited)) => *limited,
        other => panic!("{other:?}"),
    }
}

/// What was told of quotas, the first first.
async fn told(scene: &Scene) -> Vec<AuditEntry> {
    let trail = scene.deployment.stores().audit.recent(scene.acme.id, 10_000).await.unwrap();
    let of_quotas = |entry: &AuditEntry| matches!(entry.event, AuditEvent::QuotaWarning | AuditEvent::QuotaExceeded);
    trail.into_iter().rev().filter(of_quotas).collect()
}

async fn audited(scene: &Scene, event: AuditEvent) -> usize {
    let trail = scene.deployment.stores().audit.recent(scene.acme.id, 10_000).await.unwrap();
    trail.iter().filter(|entry| entry.event == event).count()
}

#[tokio::test]
async fn a_day_holds_what_the_plan_says_and_ends_at_midnight() {
    for scene in scenes("free").await {
        spend(&scene, "ada", 39).await;
        assert_eq!(told(&scene).await, []);
        spend(&scene, "bob", 11).await;
        assert_eq!(told(&scene).await.len(), 1);
        for _ in 0..3 {
            let limited = exceeded(&scene, "cyd@example.org").await;
            let by = limited.by;
            assert_eq!((by.rule, by.window, by.limit, by.drawn), (Rule::QuotaDay, Window::UtcDay, 50, 50));
            assert_eq!(by.resets_at, MIDNIGHT);
        }
        let told_today = told(&scene).await;
        for (entry, event) in told_today.iter().zip([AuditEvent::QuotaWarning, AuditEvent::QuotaExceeded]) {
            assert_eq!((entry.event, &entry.target), (event, &Some(Target::Customer(scene.acme.id))));
            let details: Vec<_> = entry.details.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(details, [("limit", "50"), ("quota", "quota-day")]);
        }
        assert_eq!(told_today.len(), 2);
        // A quota is no haste, and what was refused cost nothing and mailed nothing.
        assert_eq!(audited(&scene, AuditEvent::RateLimitExceeded).await, 0);
        assert_eq!(audited(&scene, AuditEvent::OtpRequested).await, 50);
        scene.clock.set(MIDNIGHT);
        spend(&scene, "dan", 50).await;
        exceeded(&scene, "cyd@example.org").await;
        assert_eq!(told(&scene).await.len(), 4, "told again in another day");
    }
}

#[tokio::test]
async fn a_month_holds_what_the_plan_says_and_ends_with_it() {
    let february = MIDNIGHT.plus(16 * DAY);
    assert_eq!(february.month(), february);
    for scene in scenes("tiny").await {
        spend(&scene, "ada", 3).await;
        scene.clock.set(february.minus(HOUR));
        spend(&scene, "bob", 2).await;
        for _ in 0..3 {
            let limited = exceeded(&scene, "cyd@example.org").await;
            let by = limited.by;
            assert_eq!((by.rule, by.window, by.limit, by.drawn), (Rule::QuotaMonth, Window::UtcMonth, 5, 5));
            assert_eq!((by.resets_at, limited.usage.len()), (february, 1), "what has no bound draws nothing");
        }
        scene.clock.set(february);
        spend(&scene, "cyd", 3).await;
        let events: Vec<_> = told(&scene).await.iter().map(|entry| entry.event).collect();
        assert_eq!(events, [AuditEvent::QuotaWarning, AuditEvent::QuotaExceeded]);
    }
}

#[tokio::test]
async fn haste_is_told_before_a_quota_and_costs_none_of_it() {
    for scene in scenes("free").await {
        for _ in 0..3 {
            scene.ask("ada@example.org").await;
        }
        assert!(matches!(ask(&scene, "ada@example.org").await, Err(RequestError::RateLimited(_))));
        spend(&scene, "bob", 47).await;
        exceeded(&scene, "cyd@example.org").await;
        let Err(RequestError::RateLimited(limited)) = ask(&scene, "ada@example.org").await else { panic!("no haste") };
        assert_eq!(limited.by.rule, Rule::EmailHour);
        assert_eq!(audited(&scene, AuditEvent::RateLimitExceeded).await, 2);
        assert_eq!(audited(&scene, AuditEvent::QuotaExceeded).await, 1);
    }
}

#[tokio::test]
async fn tenants_have_quotas_of_their_own() {
    for scene in scenes("tiny").await {
        spend(&scene, "ada", 5).await;
        exceeded(&scene, "ada@example.org").await;
        let other = Tenant { id: TenantId::from_u128(2), ..scene.acme.clone() };
        scene.otp.issue(&other, "ada@example.org").await.unwrap();
        // On a larger plan there is room at once, and what was drawn counts.
        let larger = Tenant { plan: "free".to_owned(), ..scene.acme.clone() };
        let issued = scene.otp.issue(&larger, "bob@example.org").await.unwrap();
        let drawn = |rule| issued.usage.iter().find(|usage| usage.rule == rule).map(|usage| usage.drawn);
        assert_eq!((drawn(Rule::QuotaDay), drawn(Rule::QuotaMonth)), (Some(1), Some(6)));
        // On a smaller one there is none, and what was drawn is told as it is.
        assert_eq!(exceeded(&scene, "cyd@example.org").await.by.drawn, 6);
    }
}
