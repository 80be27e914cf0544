//! A backup made while the service writes, by the commands of docs/deploying.md, and what is there after it was restored.

use std::path::Path;
use std::sync::Arc;

use otp_testbed::service::{Home, Ledger, Load, Server};
use otp_testbed::stores::{Durability, Postgres};
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::documented::{DEPLOYING, adapted, blocks, section, shell, sqlite3};

/// One that `doctor` has nothing to say against.
fn home(sink: &SmtpSink) -> Home {
    Home::serving(&sink.url()).with("OTP_PUBLIC_URL", "https://otp.example").with("OTP_TRUSTED_PROXIES", "10.0.0.0/8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_copied_under_the_service_and_put_back_in_place_of_another() {
    if sqlite3().is_none() {
        return;
    }
    let sink = Arc::new(SmtpSink::start().await.unwrap());
    let (before, after, backups) = (home(&sink), home(&sink), tempdir().unwrap());
    // A server that was killed leaves a log behind, which is not that of the copy.
    let killed = after.serve();
    after.customer("free");
    killed.kill();
    assert!(after.path().join("otp-data/otp.db-wal").exists());
    let commands: Vec<&str> = blocks(section(DEPLOYING, "### SQLite")).collect();
    let [backup, restore] = commands.as_slice() else { panic!("{commands:?}") };
    let at = |commands: &str, home: &Home| {
        let data = home.path().join("otp-data");
        let places = [("/var/lib/otp", text(&data)), ("/var/backups", text(backups.path()))];
        shell(&adapted(commands, &places), &[]);
    };
    nothing_before_the_backup_is_lost(&sink, &before, &after, || at(backup, &before), || at(restore, &after)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_dumped_under_the_service_and_restored_into_an_empty_one() {
    let sink = Arc::new(SmtpSink::start().await.unwrap());
    let (postgres, backups) = (Postgres::start(Durability::Fast), tempdir().unwrap());
    let [first, second] = [postgres.url(), postgres.create_database("restored")];
    let [before, after] = [&first, &second].map(|url| home(&sink).with("OTP_DATABASE_URL", url));
    assert!(before.run(&["migrate", "up"]).status.success());
    let commands: Vec<&str> = blocks(section(DEPLOYING, "### Postgres")).collect();
    let [backup, restore] = commands.as_slice() else { panic!("{commands:?}") };
    let at = |commands: &str, url: &str| {
        shell(&adapted(commands, &[("/var/backups", text(backups.path()))]), &[("OTP_DATABASE_URL", url)]);
    };
    nothing_before_the_backup_is_lost(&sink, &before, &after, || at(backup, &first), || at(restore, &second)).await;
}

async fn nothing_before_the_backup_is_lost(
    sink: &Arc<SmtpSink>,
    before: &Home,
    after: &Home,
    backup: impl FnOnce(),
    restore: impl FnOnce(),
) {
    let server = Arc::new(before.serve());
    let (_, key) = before.customer("enterprise");
    let ada = signed_in(&server, sink, &key, "ada@example.org").await;
    let ledger = Arc::new(Ledger::of(&key));
    let mut load = Load::default();
    for client in 0..4 {
        load.client(&ledger, std::slice::from_ref(&server), sink, &format!("c{client}"));
    }
    ledger.answers(20).await;
    tokio::task::block_in_place(backup);
    ledger.answers(20).await;
    load.end().await;
    assert_eq!(ledger.unanswered(), 0, "a backup is in nobody's way");
    let bob = signed_in(&server, sink, &key, "bob@example.org").await;
    assert_eq!(server.me(&bob["token"]).await.0, 200);
    server.kill();

    tokio::task::block_in_place(restore);
    let server = after.serve();
    assert_eq!(server.me(&ada["token"]).await.0, 200, "a session from before lives");
    assert_eq!(server.me(&bob["token"]).await.0, 401, "one from after is lost");
    let again = signed_in(&server, sink, &key, "ada@example.org").await;
    assert_eq!((&again["userId"], &again["isNewUser"]), (&ada["userId"], &Value::Bool(false)));
    assert_eq!(signed_in(&server, sink, &key, "bob@example.org").await["isNewUser"], true);
    let afterwards = blocks(section(DEPLOYING, "### Afterwards")).next().unwrap();
    for command in afterwards.lines() {
        let arguments: Vec<&str> = command.split(' ').collect();
        let output = after.command_of(arguments[0], &arguments[1..]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
    }
}

/// Signs somebody in; answers what he is told.
async fn signed_in(server: &Server, sink: &SmtpSink, key: &str, email: &str) -> Value {
    let asked = server.ask(key, email).await;
    let mail = sink.next_to(email).await;
    let right = json!({ "challengeId": asked["challengeId"], "otp": mail.code().unwrap() });
    let (status, body) = server.post("/auth/verify-otp", key, right).await.unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
