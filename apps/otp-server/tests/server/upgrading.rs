//! The embedded database after a later version: what it has added to is served on, what it has taken away is refused.

use std::process::Command;

use otp_testbed::service::{Home, code};
use otp_testkit::smtp_sink::SmtpSink;

use crate::documented::sqlite3;

/// Runs statements on the database of `home`, as a later version would; answers what they select.
fn later(home: &Home, statements: &str) -> String {
    let output = Command::new("sqlite3")
        .args(["-cmd", ".timeout 5000"])
        .arg(home.path().join("otp-data/otp.db"))
        .arg(statements)
        .output()
        .unwrap();
    assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const RUN: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of a later version', TRUE, x'', 0);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_later_version_has_added_to_is_served_on_and_served_again() {
    if sqlite3().is_none() {
        return;
    }
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    // Every statement of the server's has been prepared by now.
    server.ask(&key, "ada@example.org").await;
    let tables = later(
        &home,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('_sqlx_migrations', 'sqlite_sequence')",
    );
    assert!(tables.lines().any(|table| table == "challenges"), "{tables}");
    for table in tables.lines() {
        later(&home, &format!("ALTER TABLE {table} ADD COLUMN later INTEGER NOT NULL DEFAULT 7"));
    }
    later(&home, &format!("CREATE TABLE laters (n INTEGER) STRICT; {RUN}"));
    let asked = server.ask(&key, "bob@example.org").await;
    assert_eq!(server.verify(&key, &asked["challengeId"], &code(&sink, "bob@example.org").await).await.0, 200);
    assert_eq!(server.get("/health/ready").await.0, 200);
    server.kill();
    let server = home.serve();
    let asked = server.ask(&key, "cyd@example.org").await;
    assert_eq!(server.verify(&key, &asked["challengeId"], &code(&sink, "cyd@example.org").await).await.0, 200);
    assert!(home.run(&["audit", "verify"]).status.success());
    server.kill();

    later(&home, "UPDATE schema_floor SET floor = 9999");
    let refused = home.run(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("later version"), "{said}");
}
