//! `otp-server doctor`: what it finds, and that finding changes nothing.

use std::time::Duration;

use otp_testbed::port::free_port;
use otp_testbed::service::{Home, SECRET, SteppedClock};
use otp_testbed::stores::{Durability, Persistence, Postgres, Redis};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;
use serde_json::Value;

/// Its exit code, and what it found: `check status` of each, and everything it said.
fn examined(home: &Home) -> (Option<i32>, Vec<String>, String) {
    let output = home.run(&["doctor", "--json"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let findings: Value = serde_json::from_slice(&output.stdout).expect(&said);
    let short = findings.as_array().unwrap().iter().map(|finding| {
        assert!(finding["detail"].is_string(), "{finding}");
        format!("{} {}", finding["check"].as_str().unwrap(), finding["status"].as_str().unwrap())
    });
    (output.status.code(), short.collect(), said)
}

/// A home behind a proxy that is named.
fn complete(smtp: &str) -> Home {
    Home::serving(smtp).with("OTP_PUBLIC_URL", "https://otp.example").with("OTP_TRUSTED_PROXIES", "10.0.0.0/8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_well_is_found_well() {
    let sink = SmtpSink::start().await.unwrap();
    let home = complete(&sink.url());
    assert!(home.run(&["migrate", "up"]).status.success());
    let (code, found, said) = examined(&home);
    assert_eq!(found, ["config ok", "clock ok", "database ok", "key ok", "kv ok", "mail ok", "proxy ok"], "{said}");
    assert_eq!(code, Some(0));
    assert!(sink.mails().is_empty());
    let table = home.run(&["doctor"]);
    let rows = String::from_utf8(table.stdout).unwrap();
    assert_eq!((table.status.code(), rows.lines().count()), (Some(0), 7), "{rows}");
    assert!(rows.starts_with("config    ok        complete\n") && table.stderr.is_empty(), "{rows}");
}

#[test]
fn a_secret_key_that_opens_nothing_and_one_that_nothing_needs_are_found() {
    const NEW: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
    let home = complete("smtp://127.0.0.1:1?tls=none");
    assert!(home.run(&["migrate", "up"]).status.success());
    let key = |home: &Home| {
        let (_, found, said) = examined(home);
        (found.into_iter().find(|found| found.starts_with("key ")).unwrap(), said)
    };
    // Looked at with another key before there is anything: that leaves nothing behind under it.
    let home = home.with("OTP_SECRET_KEY", NEW);
    assert_eq!(key(&home).0, "key ok");
    let home = home.with("OTP_SECRET_KEY", SECRET);
    home.json(&["operator", "create", "--json"]);
    assert_eq!(key(&home).0, "key ok");

    let home = home.with("OTP_SECRET_KEY", NEW);
    let (found, said) = key(&home);
    assert!(found == "key error" && said.contains("OTP_SECRET_KEY_PREVIOUS"), "{said}");
    assert_eq!(home.run(&["customer", "list"]).status.code(), Some(3), "and so it is");
    let home = home.with("OTP_SECRET_KEY_PREVIOUS", SECRET);
    let (found, said) = key(&home);
    assert!(found == "key warning" && said.contains("secret rotate"), "{said}");
    home.json(&["secret", "rotate", "--json"]);
    let (found, said) = key(&home);
    assert!(found == "key warning" && said.contains("unset it"), "{said}");
    assert_eq!(key(&home.with("OTP_SECRET_KEY_PREVIOUS", "")).0, "key ok");
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_finding() {
    let home = complete("smtp://user:hunter2@localhost:1").with("OTP_WORKER", "perhaps").with("OTP_LISTEN", "here");
    let (code, found, said) = examined(&home);
    assert_eq!(
        (code, found.as_slice()),
        (Some(7), ["config error", "config error", "config warning"].map(str::to_owned).as_slice())
    );
    assert!(said.contains("worker") && said.contains("listen") && !said.contains("hunter2"), "{said}");
}

#[test]
fn what_serve_would_refuse_is_found_and_the_rest_looked_at() {
    let home = Home::empty()
        .with("OTP_EMAIL_URL", "smtp://user:hunter2@localhost?colour=red")
        .with("OTP_KV_URL", "memcached://localhost")
        .with("OTP_LOG", "otp_core=loudly");
    let (code, found, said) = examined(&home);
    assert_eq!(code, Some(7));
    for named in ["OTP_SECRET_KEY", "OTP_EMAIL_FROM", "redis://", "log is not", "public_url", "email"] {
        assert!(said.contains(named), "{named}: {said}");
    }
    assert_eq!(found.iter().filter(|found| *found == "config error").count(), 4, "{said}");
    assert!(found.contains(&"database warning".to_owned()) && found.contains(&"proxy ok".to_owned()), "{said}");
    assert!(!said.contains("hunter2") && home.files().is_empty(), "{said}");
    let on_postgres_the_schema_is_somebody_elses = home.with("OTP_MIGRATE", "false");
    assert!(examined(&on_postgres_the_schema_is_somebody_elses).1.contains(&"database error".to_owned()));
}

#[test]
fn what_does_not_answer_is_found_and_no_password_told() {
    let home = complete("smtp://user:hunter2@127.0.0.1:1?tls=none smtp://127.0.0.1:2?tls=none")
        .with("OTP_DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/otp")
        .with("OTP_KV_URL", "redis://:hunter2@127.0.0.1:1");
    let (code, found, said) = examined(&home);
    let expected = ["config ok", "clock warning", "database error", "kv error", "mail error", "mail error", "proxy ok"];
    assert_eq!((code, found.as_slice()), (Some(7), expected.map(str::to_owned).as_slice()), "{said}");
    assert!(said.contains("smtp-2") && said.contains("4 errors found"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_off_and_a_redis_that_forgets_are_found() {
    let sink = SmtpSink::start().await.unwrap();
    let (postgres, redis) = (Postgres::start(Durability::Fast), Redis::start(Persistence::None));
    let clock = SteppedClock::unmoved();
    let home =
        complete(&sink.url()).with("OTP_DATABASE_URL", &postgres.url()).with("OTP_KV_URL", &redis.url()).on(&clock);
    let (code, found, said) = examined(&home);
    let expected = ["config ok", "clock ok", "database error", "kv warning", "mail ok", "proxy ok"];
    assert_eq!((code, found.as_slice()), (Some(7), expected.map(str::to_owned).as_slice()), "{said}");
    assert!(home.run(&["migrate", "up"]).status.success());
    clock.advance(Duration::from_secs(10));
    let (code, found, said) = examined(&home);
    assert_eq!((code, found[1].as_str(), found[2].as_str()), (Some(7), "clock error", "database ok"), "{said}");
    assert!(said.contains("ahead of the database's"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_service_is_asked_what_its_proxy_sends() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url())
        .with("OTP_PUBLIC_URL", "https://otp.example")
        .with("OTP_METRICS_LISTEN", &format!("127.0.0.1:{}", free_port()));
    let proxy = || examined(&home).1.last().cloned().unwrap();
    assert_eq!(proxy(), "proxy error", "nobody can be asked");
    let server = home.serve();
    assert_eq!(proxy(), "proxy warning", "none has come by");
    let forwarded = server.request(Method::GET, "/health/live").header("X-Forwarded-For", "203.0.113.7");
    assert_eq!(forwarded.send().await.unwrap().status(), 200);
    assert_eq!(proxy(), "proxy error", "one has, and is not trusted");
}
