//! A mail server that is away and comes back.

use std::time::Duration;

use otp_testbed::port::free_port;
use otp_testbed::service::{Home, SteppedClock, code};
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_answered_while_mail_is_down_and_mails_go_out_when_it_is_back() {
    let address = ([127, 0, 0, 1], free_port()).into();
    let sink = SmtpSink::builder().at(address).start().await.unwrap();
    let url = sink.url();
    sink.stop().await;
    let clock = SteppedClock::unmoved();
    let home = Home::serving(&url).on(&clock);
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    server.ask(&key, "dead@example.org").await;
    let (status, health) = server.get("/health").await;
    assert_eq!((status, health["status"].as_str()), (200, Some("degraded")), "{health}");
    clock.advance(Duration::from_secs(590));
    let asked = server.ask(&key, "ada@example.org").await;
    // From here on the first code is dead: its mail must never arrive.
    clock.advance(Duration::from_secs(10));
    // A restart in between loses nothing.
    server.kill();
    let server = home.serve();
    let sink = SmtpSink::builder().at(address).start().await.unwrap();
    let code = code(&sink, "ada@example.org").await;
    assert_eq!(server.verify(&key, &asked["challengeId"], &code).await.0, 200);
    // Mails are claimed in the order they became due: the dead one has had its turn.
    server.ask(&key, "last@example.org").await;
    sink.next_to("last@example.org").await;
    assert!(sink.mails().iter().all(|mail| !mail.is_to("dead@example.org")));
    let (_, answer) = server
        .post("/auth/verify-otp", &key, json!({ "email": "dead@example.org", "otp": "000000000" }))
        .await
        .unwrap();
    assert_eq!(answer["code"], "otp_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_dies_600_seconds_after_it_was_asked_for() {
    let sink = SmtpSink::start().await.unwrap();
    let clock = SteppedClock::unmoved();
    let home = Home::serving(&sink.url()).on(&clock);
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    let asked = server.ask(&key, "ada@example.org").await;
    let code = code(&sink, "ada@example.org").await;
    clock.advance(Duration::from_secs(601));
    let (status, answer) = server.verify(&key, &asked["challengeId"], &code).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("otp_expired")));
}
