//! What waits in the outbox goes out, once, and only while its code lives.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::effect::Counter;
use otp_core::limit::Admission;
use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer, MockLimitStore};
use otp_core::prelude::*;
use otp_core::relay::{Pace, Signal};
use otp_core::time::Timestamp;
use tokio::sync::{Notify, mpsc};

use crate::scene::Scene;

async fn counted(scene: &Scene, counter: Counter) -> u64 {
    let metering = &scene.deployment.stores().metering;
    let (from, until) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let counts = metering.counts(scene.acme.live(), from, until).await.unwrap();
    counts.into_iter().filter(|counted| counted.counter == counter).map(|counted| counted.count).sum()
}

#[tokio::test]
async fn a_mail_that_fails_is_tried_again_with_the_same_id_and_code() {
    let scene = Scene::set().await;
    scene.mails_fail(3);
    scene.ask("ada@example.org").await;
    for _ in 0..4 {
        scene.relay.run_once().await.unwrap();
        scene.clock.advance(Duration::from_secs(15));
    }
    let mails = scene.mailer.mails();
    assert_eq!(mails.len(), 4);
    assert!(
        mails.iter().all(|mail| mail.id == mails[0].id && mail.text.lines().nth(4) == mails[0].text.lines().nth(4))
    );
    assert_eq!(scene.relay.run_once().await.unwrap(), 0);
    assert_eq!(counted(&scene, Counter::EmailsSent).await, 1);
}

#[tokio::test]
async fn a_mail_whose_code_is_dead_is_dropped_and_counted() {
    let scene = Scene::set().await;
    scene.ask("ada@example.org").await;
    scene.clock.advance(Duration::from_secs(600));
    scene.relay.run_once().await.unwrap();
    assert_eq!(scene.mailer.mails().len(), 0);
    assert_eq!(counted(&scene, Counter::EmailsDropped).await, 1);
}

#[tokio::test]
async fn a_mail_is_given_up_when_its_code_will_be_dead_before_the_next_try() {
    let scene = Scene::set().await;
    scene.mails_fail(1);
    scene.ask("ada@example.org").await;
    scene.clock.advance(Duration::from_millis(599_900));
    scene.relay.run_once().await.unwrap();
    assert_eq!(counted(&scene, Counter::EmailsFailed).await, 1);
    assert_eq!(scene.deployment.stores().challenges.backlog(scene.deployment.now()).await.unwrap().waiting, 0);
}

#[tokio::test]
async fn strangers_get_twenty_mails_an_hour_and_returning_users_every_one() {
    let scene = Scene::set().await;
    for _ in 0..25 {
        scene.ask("stranger@example.org").await;
    }
    scene.relay.run_once().await.unwrap();
    assert_eq!(scene.mailer.mails().len(), 20);
    assert_eq!(counted(&scene, Counter::EmailsMuted).await, 5);

    let issued = scene.ask("ada@example.org").await;
    scene.otp.verify(&scene.acme, &issued.id, &scene.code().await).await.unwrap();
    for _ in 0..25 {
        scene.ask("ada@example.org").await;
    }
    scene.relay.run_once().await.unwrap();
    assert_eq!(scene.mailer.mails().len(), 20 + 1 + 25);
}

#[tokio::test]
async fn a_retry_does_not_draw_the_recipients_limit_again() {
    let scene = Scene::set().await;
    scene.mails_fail(19);
    scene.ask("ada@example.org").await;
    for _ in 0..20 {
        scene.relay.run_once().await.unwrap();
        scene.clock.advance(Duration::from_secs(15));
    }
    scene.ask("ada@example.org").await;
    scene.relay.run_once().await.unwrap();
    assert_eq!(scene.mailer.mails().len(), 21);
    assert_eq!(counted(&scene, Counter::EmailsMuted).await, 0);
}

#[tokio::test]
async fn a_mail_that_could_not_draw_its_limit_is_not_sent_and_comes_back_after_a_pause() {
    let scene = Scene::set().await;
    let mut limits = MockLimitStore::new();
    limits.expect_acquire().times(1).returning(|_, _| Err(Fault::unavailable("test", "gone")));
    limits.expect_acquire().times(1).returning(|_, _| Ok(Admission::Admitted(Vec::new())));
    let stores = Stores { limits: Arc::new(limits), ..scene.deployment.stores().clone() };
    let deployment = Deployment::builder(MasterKey::from_bytes([7; 32]), stores).clock(scene.clock.clone());
    let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example").unwrap() };
    let relay = Relay::new(deployment.open().await.unwrap(), scene.mailer.clone(), sender);
    scene.ask("ada@example.org").await;
    assert_eq!(relay.run_once().await.unwrap(), 1);
    assert_eq!(scene.mailer.mails().len(), 0);
    // Long before its lease would have run out.
    scene.clock.advance(Duration::from_secs(1));
    relay.run_once().await.unwrap();
    assert_eq!(scene.mailer.mails().len(), 1);
    assert_eq!(counted(&scene, Counter::EmailsSent).await, 1);
}

#[tokio::test]
async fn mail_goes_to_the_address_as_first_verified() {
    let scene = Scene::set().await;
    let issued = scene.ask("Ada@Example.org").await;
    scene.otp.verify(&scene.acme, &issued.id, &scene.code().await).await.unwrap();
    scene.ask("ADA@example.ORG").await;
    scene.relay.run_once().await.unwrap();
    assert_eq!(scene.mailer.mails().pop().unwrap().to.mailbox(), "Ada@example.org");
}

/// Hangs on the first mail until told otherwise, takes every other at once.
struct HangsOnce {
    release: Notify,
    sent: mpsc::UnboundedSender<String>,
}

#[async_trait]
impl Mailer for HangsOnce {
    async fn send(&self, mail: &OutgoingMail, _now: Timestamp) -> Delivery {
        if mail.to.mailbox().starts_with("slow") {
            self.release.notified().await;
        }
        self.sent.send(mail.to.mailbox().to_owned()).unwrap();
        Delivery::Sent
    }

    async fn check(&self, _now: Timestamp) -> Result<(), MailTrouble> {
        Ok(())
    }
}

struct Conductor(tokio::sync::Mutex<mpsc::UnboundedReceiver<Signal>>);

#[async_trait]
impl Pace for Conductor {
    async fn next(&self) -> Signal {
        self.0.lock().await.recv().await.unwrap_or(Signal::Stop)
    }
}

#[tokio::test]
async fn one_hanging_mail_holds_up_no_other_and_is_given_back_at_the_end() {
    let scene = Scene::set().await;
    let (sent, mut arrived) = mpsc::unbounded_channel();
    let mailer = Arc::new(HangsOnce { release: Notify::new(), sent });
    let sender = Sender { name: "Acme".into(), address: EmailAddress::parse("no-reply@acme.example").unwrap() };
    let relay = Relay::new(scene.deployment.clone(), mailer.clone(), sender);
    let (baton, signals) = mpsc::unbounded_channel();
    let conductor = Conductor(tokio::sync::Mutex::new(signals));
    scene.ask("slow@example.org").await;
    let running = tokio::spawn(async move { relay.run(&conductor).await });

    for name in ["ada@example.org", "bob@example.org"] {
        scene.ask(name).await;
        baton.send(Signal::Work).unwrap();
        assert_eq!(arrived.recv().await.unwrap(), name);
    }
    baton.send(Signal::Stop).unwrap();
    baton.send(Signal::Stop).unwrap();
    running.await.unwrap();
    // Given back: due at once, not when the lease would have run out.
    let now = scene.deployment.now();
    let again = scene.deployment.stores().challenges.claim(now, Duration::from_secs(60), 10).await.unwrap();
    assert_eq!(again.len(), 1);
}
