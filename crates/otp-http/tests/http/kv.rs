//! A service whose limits are kept elsewhere, and what it is without them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use otp_core::fault::{Fault, Res};
use otp_core::limit::{Admission, Draw, Usage};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;
use otp_memory::MemoryStore;
use otp_testkit::RecordingMailer;
use serde_json::json;

use crate::world::{ADA, World, settings};

/// Keeps limits, and may be down.
#[derive(Default)]
struct Kv {
    store: MemoryStore,
    down: AtomicBool,
}

impl Kv {
    fn reached(&self) -> Res<()> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(Fault::unavailable("kv", "connection refused")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl LimitStore for Kv {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        self.reached()?;
        self.store.acquire(draws, now).await
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        self.reached()?;
        self.store.usage(draws, now).await
    }
}

async fn world() -> (World, Arc<Kv>) {
    let (kv, mailer) = (Arc::new(Kv::default()), Arc::new(RecordingMailer::new()));
    let world = World::limiting(settings(), mailer.clone(), mailer, Some(kv.clone())).await;
    (world, kv)
}

#[tokio::test]
async fn limits_hold_and_headers_tell_of_them_wherever_they_are() {
    let (world, _kv) = world().await;
    for remaining in [2, 1, 0] {
        let answer = world.call("/auth/request-otp", json!({ "email": ADA })).await;
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining.to_string().as_str()));
        assert_eq!(answer.ok()["remaining"], remaining);
    }
    let refused = world.call("/auth/request-otp", json!({ "email": ADA })).await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (429, Some("email-hour")));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
}

#[tokio::test]
async fn without_its_limits_the_service_is_unhealthy_and_lets_nothing_through() {
    let (world, kv) = world().await;
    let health = world.get("/health").send().await.ok();
    assert_eq!((&health["status"], &health["checks"]["kv"]["status"]), (&json!("healthy"), &json!("healthy")));
    kv.down.store(true, Ordering::SeqCst);
    let health = world.get("/health").send().await;
    assert_eq!(health.status, 503);
    let health = health.json();
    let told = [&health["status"], &health["checks"]["kv"]["status"], &health["checks"]["database"]["status"]];
    assert_eq!(told, [&json!("unhealthy"), &json!("unhealthy"), &json!("healthy")]);
    let ready = world.get("/health/ready").send().await;
    assert_eq!((ready.status, ready.json()), (503, json!({ "status": "not_ready", "reason": "kv unavailable" })));
    let asked = world.call("/auth/request-otp", json!({ "email": ADA })).await;
    assert_eq!((asked.status, asked.json()["code"].as_str()), (503, Some("unavailable")));
    assert!(asked.header("retry-after").is_some());

    kv.down.store(false, Ordering::SeqCst);
    assert_eq!(world.get("/health/ready").send().await.status, 200);
    world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
}
