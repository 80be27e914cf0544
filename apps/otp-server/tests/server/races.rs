//! Many at once, over HTTP.

use futures::future::join_all;
use otp_testbed::service::{Home, Server, code};
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::{Value, json};

async fn all(server: &Server, key: &str, bodies: impl Iterator<Item = Value>, path: &str) -> Vec<(u16, Value)> {
    let answers = join_all(bodies.map(|body| server.post(path, key, body))).await;
    answers.into_iter().map(Result::unwrap).collect()
}

fn count(answers: &[(u16, Value)], code: &str) -> usize {
    answers.iter().filter(|(_, body)| body["code"] == code).count()
}

/// The right code is presented by 200 at once; then the next challenge. 100 rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_right_codes_exactly_one_wins() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    for round in 0..100 {
        let email = format!("ada{round}@example.org");
        let asked = server.ask(&key, &email).await;
        let code = code(&sink, &email).await;
        let body = json!({ "challengeId": asked["challengeId"], "otp": code });
        let answers = all(&server, &key, (0..200).map(|_| body.clone()), "/auth/verify-otp").await;
        let won = answers.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!((won, count(&answers, "otp_expired")), (1, 199), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_five_hundred_attempts_five_are_answered_and_the_holder_still_gets_in() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    let asked = server.ask(&key, "ada@example.org").await;
    let code = code(&sink, "ada@example.org").await;
    let wrong = (0u32..501).map(|n| format!("{n:09}")).filter(|wrong| *wrong != code).take(500);
    let bodies = wrong.map(|otp| json!({ "email": "ada@example.org", "otp": otp }));
    let answers = all(&server, &key, bodies, "/auth/verify-otp").await;
    assert_eq!((count(&answers, "otp_invalid"), count(&answers, "otp_attempts_exceeded")), (5, 495));
    let mut left: Vec<u64> = answers.iter().filter_map(|(_, body)| body["remainingAttempts"].as_u64()).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    let by_address = json!({ "email": "ada@example.org", "otp": code });
    let (_, refused) = server.post("/auth/verify-otp", &key, by_address).await.unwrap();
    assert_eq!(refused["code"], "otp_attempts_exceeded");
    assert_eq!(server.verify(&key, &asked["challengeId"], &code).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_burst_for_a_free_address_three_are_admitted() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let (_, key) = home.customer("free");
    let answers = all(&server, &key, (0..50).map(|_| json!({ "email": "ada@example.org" })), "/auth/request-otp").await;
    let admitted = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!((admitted, count(&answers, "rate_limited")), (3, 47));
}
