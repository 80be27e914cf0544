//! Health, for load balancers and people.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use otp_core::fault::FaultKind;
use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use otp_testkit::RecordingMailer;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::gate::Trouble;
use crate::world::{ADA, World, settings};

/// A mailer whose health is asked for, counted, and answered when the test lets it.
struct Asked {
    times: AtomicUsize,
    well: AtomicBool,
    answers: Semaphore,
}

impl Asked {
    fn new(answers: usize) -> Arc<Self> {
        Arc::new(Self { times: AtomicUsize::new(0), well: AtomicBool::new(true), answers: Semaphore::new(answers) })
    }

    fn times(&self) -> usize {
        self.times.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Mailer for Asked {
    async fn send(&self, _: &OutgoingMail, _: Timestamp) -> Delivery {
        Delivery::Sent
    }

    async fn check(&self, _: Timestamp) -> Result<(), MailTrouble> {
        self.times.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.unwrap().forget();
        if self.well.load(Ordering::SeqCst) { Ok(()) } else { Err(MailTrouble("smtp.internal refused us".to_owned())) }
    }
}

async fn world(mail: Arc<Asked>) -> World {
    World::mailing(settings(), Arc::new(RecordingMailer::new()), mail).await
}

/// Status, overall and of each check; the rest of the answer is held against what it must be.
async fn health(world: &World) -> (u16, [String; 4]) {
    let answer = world.get("/health?verbose=1").send().await;
    let body = answer.json();
    let check = |name: &str| {
        let check = &body["checks"][name];
        assert!(check["responseTimeMs"].is_u64());
        assert_eq!(check.as_object().unwrap().len(), 2);
        check["status"].as_str().unwrap().to_owned()
    };
    let told = ["database", "mail", "outbox"].map(check);
    let timestamp = world.now().to_string();
    assert_eq!(
        (&body["service"], &body["version"], &body["timestamp"]),
        (&json!("otp"), &json!("1.2.3"), &json!(timestamp))
    );
    assert_eq!(body.as_object().unwrap().len(), 5);
    let [database, mail, outbox] = told;
    (answer.status, [body["status"].as_str().unwrap().to_owned(), database, mail, outbox])
}

fn told(words: [&str; 4]) -> [String; 4] {
    words.map(str::to_owned)
}

#[tokio::test]
async fn all_is_well() {
    let world = world(Asked::new(1)).await;
    assert_eq!(health(&world).await, (200, told(["healthy"; 4])));
    assert_eq!(world.get("/health/ready").send().await.ok(), json!({ "status": "ready" }));
    assert_eq!(world.get("/health/live").send().await.ok(), json!({ "status": "alive" }));
}

#[tokio::test]
async fn trouble_with_mail_degrades() {
    let mail = Asked::new(1);
    mail.well.store(false, Ordering::SeqCst);
    let world = world(mail).await;
    assert_eq!(health(&world).await, (200, told(["degraded", "healthy", "degraded", "healthy"])));
    let answer = world.get("/health").send().await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("smtp"));
}

#[tokio::test]
async fn mail_overdue_for_a_minute_degrades() {
    let world = world(Asked::new(9)).await;
    world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    world.advance(60);
    assert_eq!(health(&world).await.1[3], "healthy");
    world.clock.advance(std::time::Duration::from_millis(1));
    assert_eq!(health(&world).await, (200, told(["degraded", "healthy", "healthy", "degraded"])));
    world.deliver().await;
    assert_eq!(health(&world).await.1[3], "healthy");
}

#[tokio::test]
async fn a_database_that_is_down_is_unhealthy_and_not_ready_and_yet_alive() {
    let world = world(Asked::new(9)).await;
    world.gate.shut("", Trouble::Fault(FaultKind::Unavailable));
    assert_eq!(health(&world).await, (503, told(["unhealthy", "unhealthy", "healthy", "unhealthy"])));
    let ready = world.get("/health/ready").send().await;
    assert_eq!((ready.status, ready.json()), (503, json!({ "status": "not_ready", "reason": "database unavailable" })));
    world.gate.shut("", Trouble::Panic);
    assert_eq!(world.get("/health/live").send().await.ok(), json!({ "status": "alive" }));
    world.gate.open_up();
    assert_eq!(health(&world).await.0, 200);
    assert_eq!(world.get("/health/ready").send().await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_down_after_five_seconds() {
    let world = world(Asked::new(9)).await;
    world.gate.shut("backlog", Trouble::Silence);
    let before = tokio::time::Instant::now();
    assert_eq!(health(&world).await.0, 503);
    assert_eq!(world.get("/health/ready").send().await.status, 503);
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn readiness_is_as_whoever_runs_the_service_says() {
    let world = world(Asked::new(1)).await;
    world.services.readiness.not_ready("draining");
    let ready = world.get("/health/ready").send().await;
    assert_eq!((ready.status, ready.json()), (503, json!({ "status": "not_ready", "reason": "draining" })));
    world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    world.services.readiness.ready();
    assert_eq!(world.get("/health/ready").send().await.status, 200);
}

#[tokio::test]
async fn the_mail_server_is_asked_once_in_five_seconds_however_many_ask() {
    let mail = Asked::new(0);
    let world = world(mail.clone()).await;
    let ask = || world.get("/health").send();
    let many = async { futures::join!(ask(), ask(), ask(), ask()) };
    let let_one_through = async {
        while mail.times() == 0 {
            tokio::task::yield_now().await;
        }
        mail.answers.add_permits(1);
    };
    let (answers, ()) = futures::join!(many, let_one_through);
    assert_eq!(answers.3.json()["checks"]["mail"]["status"], Value::from("healthy"));
    assert_eq!(mail.times(), 1);
    mail.answers.add_permits(9);
    world.clock.advance(std::time::Duration::from_millis(4_999));
    ask().await.ok();
    assert_eq!(mail.times(), 1);
    world.clock.advance(std::time::Duration::from_millis(1));
    ask().await.ok();
    assert_eq!(mail.times(), 2);
    // A clock that steps back does not keep an answer for ever.
    world.clock.set(otp_testkit::samples::NOW);
    ask().await.ok();
    assert_eq!(mail.times(), 3);
}

#[tokio::test]
async fn who_hangs_up_does_not_make_the_next_ask_again() {
    let mail = Asked::new(0);
    let world = world(mail.clone()).await;
    let asked = async {
        while mail.times() == 0 {
            tokio::task::yield_now().await;
        }
    };
    let hung_up = futures::future::select(Box::pin(world.get("/health").send()), Box::pin(asked)).await;
    assert!(matches!(hung_up, futures::future::Either::Right(_)));
    drop(hung_up);
    mail.answers.add_permits(1);
    world.get("/health").send().await.ok();
    assert_eq!(mail.times(), 1);
}
