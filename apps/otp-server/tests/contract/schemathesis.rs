//! schemathesis makes calls of what the document says, as right and as wrong as it can, and holds the answers against it.

use otp_testbed::python::{Python, succeeded};
use otp_testbed::stores::{Durability, Postgres};

use crate::subject::Subject;

/// Calls every operation of `subject` in every way it can think of, with all of its checks.
async fn is_clean(python: &Python, subject: Subject) {
    let mut command = python.command("schemathesis");
    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/schemathesis.toml");
    let run = ["--config-file", settings, "run", "--no-color", "--seed", "1", "--checks", "all", "--report", "junit"];
    command.args(run).arg(format!("{}/openapi.json", subject.home.url())).current_dir(subject.home.path());
    command
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract"));
    subject.open_to(&mut command);
    let operations = subject.operations().await;
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    succeeded(&output);
    let said = String::from_utf8_lossy(&output.stdout);
    // Not clean because nothing was looked at.
    for phase in ["Examples", "Coverage", "Fuzzing", "Stateful"] {
        assert!(said.contains(&format!("✅ {phase}")), "{phase}: {said}");
    }
    // The document itself it has called before.
    assert!(said.contains(&format!("Tested: {}\n", operations - 1)), "{said}");
    // What is clean outside is so inside: nothing panicked, and nothing was answered for want of a better answer.
    let log = subject.server.said();
    assert!(!log.contains("panicked") && !log.contains("\"fault\""), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing_on_sqlite() {
    let Some(python) = Python::given() else { return };
    is_clean(&python, Subject::on(None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing_on_postgres() {
    let Some(python) = Python::given() else { return };
    let postgres = Postgres::start(Durability::Fast);
    is_clean(&python, Subject::on(Some(&postgres.url())).await).await;
}
