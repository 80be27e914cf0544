//! What must never be told: codes, keys, tokens, addresses.

use std::io::Write;
use std::sync::{Arc, Mutex};

use otp_core::fault::FaultKind;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::gate::Trouble;
use crate::world::{ADA, World, other_than, text};

/// A log kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// What `call` answers, and everything that is logged meanwhile, down to TRACE.
pub(crate) async fn logged<T>(call: impl Future<Output = T>) -> (T, String) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let answer = call.await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (answer, log)
}

#[tokio::test]
async fn no_log_line_holds_a_secret() {
    let world = World::new().await;
    let (secrets, log) = logged(async {
        let (_, code) = world.request(json!({ "email": ADA })).await;
        let wrong = other_than(&code);
        world.call("/auth/verify-otp", json!({ "email": ADA, "otp": wrong })).await;
        let signed_in = world.call("/auth/verify-otp", json!({ "email": ADA, "otp": code })).await.ok();
        let token = text(&signed_in, "token");
        let refresh = text(&signed_in, "refreshToken");
        world.get("/auth/me").bearer(&token).send().await.ok();
        world.get(&format!("/auth/me?token={token}&email={ADA}")).bearer(&token).send().await;
        world.get(&format!("/auth/{token}")).send().await;
        world.call("/auth/introspect", json!({ "token": token })).await.ok();
        let fresh = world.post("/auth/refresh", json!({ "refreshToken": refresh })).send().await.ok();
        world.post("/auth/refresh", json!({ "refreshToken": "otp_rt_bad" })).send().await;
        world.call("/auth/request-otp", json!({ "email": "ada@example", "x": ADA })).await;
        let registered = json!({ "name": "X", "email": "boss@example.org" });
        let registered = world.post("/admin/customers", registered).key(&world.operator).send().await.ok();
        world.get("/auth/me").bearer("otp_live_sk_typo").send().await;
        for verb in ["open", "by_api_key", "session"] {
            world.gate.shut(verb, Trouble::Fault(FaultKind::Corrupt));
            world.call("/auth/request-otp", json!({ "email": ADA })).await;
            world.get("/auth/me").bearer(&text(&fresh, "token")).send().await;
        }
        vec![
            code,
            wrong,
            token,
            refresh,
            text(&fresh, "token"),
            text(&fresh, "refreshToken"),
            text(&registered, "apiKey"),
            world.customer.key.clone(),
            world.operator.clone(),
            "otp_live_sk_typo".to_owned(),
            ADA.to_owned(),
            "boss@example.org".to_owned(),
            "ada@example".to_owned(),
        ]
    })
    .await;
    assert!(log.contains("answered") && log.contains("fault"), "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn a_line_is_logged_for_each_call() {
    let world = World::new().await;
    let id = "otp_here";
    let path = format!("/admin/customers/{}", world.customer.id);
    let (_, log) = logged(world.get(&path).key(&world.operator).header("x-request-id", id).send()).await;
    let line = log.lines().find(|line| line.contains("answered")).unwrap();
    for part in [
        "INFO",
        "method=GET",
        "route=\"/admin/customers/{customerId}\"",
        "status=200",
        "duration_us=",
        "request_id=\"otp_here\"",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains(&world.customer.id.to_string()), "{line}");
}

#[tokio::test]
async fn a_fault_is_told_to_the_operator() {
    let world = World::new().await;
    world.gate.shut("open", Trouble::Fault(FaultKind::Unavailable));
    let (_, log) = logged(world.call("/auth/request-otp", json!({ "email": ADA }))).await;
    let line = log.lines().find(|line| line.contains("ERROR")).unwrap();
    assert!(line.contains("op=\"open\"") && line.contains("connection refused"), "{line}");
}

#[tokio::test]
async fn debug_tells_nothing_either() {
    let world = World::new().await;
    let shown = format!("{:?} {:?}", world.services, world.router);
    for secret in [world.customer.key.as_str(), &world.operator, "owner@"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
