//! The secret key is replaced beside a running service, on both engines.

use otp_testbed::service::{Home, Program, SECRET, code};
use otp_testbed::stores::{Durability, Postgres};
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::json;

/// The key that takes the place of [`SECRET`].
const NEW: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";

/// `home` with these keys; an empty one is none.
fn keyed(home: Home, key: &str, previous: &str) -> Home {
    home.with("OTP_SECRET_KEY", key).with("OTP_SECRET_KEY_PREVIOUS", previous)
}

/// The exit code of a command that cannot open the database, and what it said.
fn refused(home: &Home) -> (Option<i32>, String) {
    let output = home.run(&["customer", "list"]);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn rotates(home: Home, sink: &SmtpSink) {
    assert!(home.run(&["migrate", "up"]).status.success());
    let (customer, key) = home.customer("enterprise");
    let server = home.serve();
    let asked = server.ask(&key, "ada@example.org").await;
    let (_, tokens) = server.verify(&key, &asked["challengeId"], &code(sink, "ada@example.org").await).await;
    let asked = server.ask(&key, "eve@example.org").await;
    let eves = code(sink, "eve@example.org").await;
    server.kill();

    let home = keyed(home, NEW, "");
    let (exit, said) = refused(&home);
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("OTP_SECRET_KEY_PREVIOUS") && said.contains("secret rotate"), "{said}");

    let home = keyed(home, NEW, SECRET);
    let server = home.serve();
    assert_eq!(server.me(&tokens["token"]).await.0, 200);
    for _ in 0..3 {
        // Wherever it is by then.
        Program::launch(home.command(&["secret", "rotate"])).kill();
    }
    let renewed = home.json(&["secret", "rotate", "--json"]);
    let retired = renewed["oldKeys"].as_array().unwrap();
    assert_eq!((retired.len(), retired[0]["until"].is_string()), (1, true), "{renewed}");
    assert_eq!(server.me(&tokens["token"]).await.0, 200);
    server.kill();

    let home = keyed(home, NEW, "");
    let again = home.run(&["secret", "rotate"]);
    assert_eq!(again.status.code(), Some(3), "{}", String::from_utf8_lossy(&again.stderr));
    let server = home.serve();
    assert_eq!(server.me(&tokens["token"]).await.0, 200);
    let (status, refreshed) =
        server.post("/auth/refresh", &key, json!({ "refreshToken": tokens["refreshToken"] })).await.unwrap();
    assert_eq!(status, 200, "{refreshed}");
    assert_eq!(server.verify(&key, &asked["challengeId"], &eves).await.0, 200);
    let held = home.json(&["user", "export", &customer, "ada@example.org", "--json"]);
    assert!(held.to_string().contains("ada@example.org"), "{held}");
    server.kill();

    let (exit, said) = refused(&keyed(home, SECRET, ""));
    assert_eq!(exit, Some(3), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_replaced_beside_a_server_with_its_own_file() {
    let sink = SmtpSink::start().await.unwrap();
    rotates(Home::serving(&sink.url()), &sink).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_replaced_beside_a_server_on_postgres() {
    let sink = SmtpSink::start().await.unwrap();
    let postgres = Postgres::start(Durability::Fast);
    rotates(Home::serving(&sink.url()).with("OTP_DATABASE_URL", &postgres.url()), &sink).await;
}

#[test]
fn a_rotation_that_would_replace_nothing_says_so() {
    let home = Home::serving("smtp://127.0.0.1:1?tls=none");
    assert!(home.run(&["migrate", "up"]).status.success());
    home.customer("free");
    for (previous, named) in [("", "not set"), (SECRET, "OTP_SECRET_KEY itself")] {
        let output = home.command(&["secret", "rotate"]).env("OTP_SECRET_KEY_PREVIOUS", previous).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), b"".as_slice()), "{said}");
        assert!(said.contains(&format!("OTP_SECRET_KEY_PREVIOUS is {named}: there is nothing to replace")), "{said}");
    }
}
