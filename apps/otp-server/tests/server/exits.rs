//! How commands end: each exit code, what goes to which stream, and data that programs can read.

use std::process::Output;

use otp_testbed::service::Home;
use otp_testbed::stores::{Durability, Persistence, Postgres, Redis};
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::Value;

const NOBODY: &str = "cust_0Qk4vWc8nTzR2mYb7LpXsd";
const NO_KEY: &str = "key_1Hd5gKq9wSxM3nZc6JrVtb";

/// One that `serve` accepts; nobody listens for its mail.
fn complete() -> Home {
    Home::serving("smtp://127.0.0.1:1?tls=none")
}

/// How it ended, and what it said on stderr.
fn ended(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn every_exit_code_is_given_for_what_it_means() {
    let migrated = complete();
    assert!(migrated.run(&["migrate", "up"]).status.success());
    let away = complete().with("OTP_DATABASE_URL", "postgres://127.0.0.1:1/otp");
    // Linux lets nobody, not even root, make a file there.
    let not_ours = complete().with("OTP_DATABASE_URL", "sqlite:///sys/otp.db");
    for (code, home, arguments) in [
        (0, &migrated, ["config", "check"].as_slice()),
        (1, &complete(), &["migrate", "status"]),
        (2, &migrated, &["custmer", "list"]),
        (2, &migrated, &["customer"]),
        (2, &migrated, &["email", "preview", "--kind", "birthday"]),
        (2, &migrated, &["customer", "create", "--name", "Acme", "--email", "xx"]),
        (2, &migrated, &["email", "send-test", "--to", "foo"]),
        (2, &migrated, &["user", "erase", NOBODY, "not-an-email"]),
        (2, &migrated, &["user", "export", NOBODY, "user_0"]),
        (2, &migrated, &["customer", "suspend", NOBODY, "--reason", ""]),
        (2, &migrated, &["customer", "activate", NOBODY, "--reason", " "]),
        (2, &migrated, &["healthcheck", "foo"]),
        (2, &migrated, &["healthcheck", "ftp://x"]),
        (3, &Home::empty(), &["serve"]),
        (3, &Home::empty(), &["customer", "list"]),
        (3, &migrated, &["customer", "create", "--name", "Acme", "--email", "owner@acme.example", "--plan", "nope"]),
        (3, &Home::empty(), &["email", "send-test", "--to", "ada@example.org"]),
        (4, &migrated, &["key", "list", NOBODY]),
        (4, &migrated, &["customer", "suspend", "nobody"]),
        (4, &migrated, &["audit", "verify", "--customer", NOBODY]),
        (4, &migrated, &["key", "revoke", NOBODY, NO_KEY]),
        (4, &migrated, &["user", "export", NOBODY, "ada@example.org"]),
        (5, &not_ours, &["migrate", "up"]),
        (5, &not_ours, &["serve"]),
        (5, &not_ours, &["dev"]),
        (6, &away, &["migrate", "status"]),
        (6, &migrated, &["healthcheck", "http://127.0.0.1:1/health/live"]),
        (6, &migrated, &["email", "send-test", "--to", "ada@example.org"]),
        (7, &away, &["doctor"]),
    ] {
        let (ended, said) = ended(&home.run(arguments));
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert_eq!(said.is_empty(), code == 0, "{arguments:?}: {said}");
    }
}

#[test]
fn who_is_not_let_in_is_told_so_and_not_that_nobody_is_there() {
    let postgres = Postgres::start(Durability::Fast);
    let with_database = |url: &str| complete().with("OTP_DATABASE_URL", url);
    assert!(with_database(&postgres.url()).run(&["migrate", "up"]).status.success());
    postgres.psql("CREATE ROLE guest LOGIN");
    let redis = Redis::start(Persistence::Always);
    redis.cli(&["CONFIG", "SET", "requirepass", "right"]);
    let guest = with_database(&postgres.url().replace("postgres@", "guest@"));
    let stranger =
        with_database(&postgres.url()).with("OTP_KV_URL", &redis.url().replace("redis://", "redis://:hidden@"));
    for home in [guest, stranger] {
        let (code, said) = ended(&home.run(&["customer", "list"]));
        assert_eq!(code, Some(5), "{said}");
        assert!(said.contains("denied") && !said.contains("hidden"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_goes_to_stdout_and_reads_as_json_and_nothing_else_does() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    assert_eq!(
        home.json(&["migrate", "up", "--json"])["applied"].as_array().map(|names| !names.is_empty()),
        Some(true)
    );
    let (customer, key) = home.customer("enterprise");
    let server = home.serve();
    let asked = server.ask(&key, "ada@example.org").await;
    let code = otp_testbed::service::code(&sink, "ada@example.org").await;
    assert_eq!(server.verify(&key, &asked["challengeId"], &code).await.0, 200);
    let made = home.json(&["key", "create", &customer, "--json"]);
    let key_id = made["keyId"].as_str().unwrap();
    let health = format!("{}/health/ready", home.url());

    for (arguments, member, value) in [
        (["migrate", "up"].as_slice(), "status", Value::from("current")),
        (&["migrate", "status"], "pending", 0.into()),
        (&["config", "check"], "status", "ok".into()),
        (&["operator", "create"], "apiKey", Value::Null),
        (&["customer", "list"], "customerId", customer.clone().into()),
        (&["customer", "suspend", &customer], "status", "suspended".into()),
        (&["customer", "activate", &customer], "status", "active".into()),
        (&["key", "rotate", &customer, key_id], "oldKeyExpiresAt", Value::Null),
        (&["key", "revoke", &customer, key_id], "status", "revoked".into()),
        (&["user", "export", &customer, "ada@example.org"], "user", Value::Null),
        (&["user", "erase", &customer, "ada@example.org"], "sessions", 1.into()),
        (&["audit", "verify", "--customer", &customer], "customerId", customer.clone().into()),
        (&["secret", "generate"], "secretKey", Value::Null),
        (&["email", "send-test", "--to", "ada@example.org"], "outcome", "sent".into()),
        (&["healthcheck", &health], "status", 200.into()),
    ] {
        let output = home.run(&[arguments, &["--json"]].concat());
        let (code, said) = ended(&output);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}");
        let data: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(data.get(member).is_some(), "{arguments:?}: {data}");
        assert!(value.is_null() || data[member] == value, "{arguments:?}: {data}");
    }
    for arguments in [["key", "list", &customer, "--json"].as_slice(), &["audit", "verify", "--json"]] {
        let output = home.run(arguments);
        assert_eq!(ended(&output), (Some(0), String::new()));
        let lines = String::from_utf8(output.stdout).unwrap();
        assert!(lines.lines().count() >= 2, "{lines}");
        assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
    }
    for arguments in [["doctor", "--json"].as_slice(), &["config", "dump", "--json"]] {
        let output = home.run(arguments);
        assert!(output.stderr.is_empty(), "{arguments:?}");
        assert!(serde_json::from_slice::<Value>(&output.stdout).unwrap().is_array(), "{arguments:?}");
    }
}
