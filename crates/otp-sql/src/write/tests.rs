//! The writer by himself, with verbs made for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use otp_core::fault::FaultKind;
use sqlx::{Connection, SqliteConnection};
use tempfile::{TempDir, tempdir};

use super::*;
use crate::connect::{Access, sqlite};
use crate::sql::{Conn, Text, query};
use crate::trouble::Tried;

static NOTE: Text = Text::new("INSERT INTO notes (number) VALUES ($1)");

/// Writes its number down, and how often it was run. No number is written twice.
struct Note {
    number: i64,
    runs: Arc<AtomicUsize>,
}

impl Note {
    fn new(number: i64) -> Self {
        Self { number, runs: Arc::default() }
    }
}

#[async_trait]
impl Verb for Note {
    const OP: &'static str = "test.note";
    type Answer = i64;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<i64> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        query(&NOTE).bind(self.number).execute(conn).await?;
        Ok(self.number)
    }
}

/// Finds the store out of order.
struct Faint;

#[async_trait]
impl Verb for Faint {
    const OP: &'static str = "test.faint";
    type Answer = ();

    async fn run(&self, _: &mut Conn, _: &mut WorkingSet) -> Tried<()> {
        Err(Trouble::unavailable("no space left"))
    }
}

/// Breaks down after it has written.
struct Panic;

#[async_trait]
impl Verb for Panic {
    const OP: &'static str = "test.panic";
    type Answer = ();

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<()> {
        query(&NOTE).bind(99i64).execute(conn).await?;
        panic!("as meant")
    }
}

#[tokio::test]
async fn a_verb_that_panics_is_undone_and_the_writer_goes_on() {
    let desk = Desk::new().await;
    let fault = desk.writer.run(Panic).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert_eq!(desk.writer.run(Note::new(99)).await.unwrap(), 99);
}

struct Desk {
    writer: Writer,
    other: SqliteConnection,
    /// Transactions that wrote something, as the engine counts them.
    commits: Arc<AtomicUsize>,
    _folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempdir().unwrap();
        let path = folder.path().join("otp.db");
        sqlite::create(path.clone()).await.unwrap();
        let mut other = connect(&path).await;
        sqlx::query("CREATE TABLE notes (number INTEGER NOT NULL PRIMARY KEY)").execute(&mut other).await.unwrap();
        let mut conn = connect(&path).await;
        let commits = Arc::new(AtomicUsize::new(0));
        let counter = commits.clone();
        conn.lock_handle().await.unwrap().set_commit_hook(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            true
        });
        let line = Line::new(impatient(&path), Conn::Sqlite(conn));
        Self { writer: Writer::start(line), other, commits, _folder: folder }
    }

    async fn notes(&mut self) -> Vec<i64> {
        sqlx::query_scalar("SELECT number FROM notes ORDER BY number").fetch_all(&mut self.other).await.unwrap()
    }
}

/// As in earnest, but who finds the file being written does not wait.
fn impatient(path: &Path) -> Access {
    match sqlite::writing(path) {
        Access::Sqlite(options) => Access::Sqlite(Box::new(options.busy_timeout(Duration::ZERO))),
        #[cfg(feature = "postgres")]
        other @ Access::Postgres(..) => other,
    }
}

async fn connect(path: &Path) -> SqliteConnection {
    let Conn::Sqlite(conn) = impatient(path).connect().await.unwrap() else { unreachable!() };
    conn
}

#[tokio::test]
async fn who_waits_is_committed_together() {
    let mut desk = Desk::new().await;
    let answers = join_all((0..200).map(|number| desk.writer.run(Note::new(number)))).await;
    assert_eq!(answers.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), (0..200).collect::<Vec<_>>());
    assert_eq!(desk.notes().await.len(), 200);
    // All of them waited before the writer had his first turn. Two, lest the order of turns be a promise.
    assert!((1..=2).contains(&desk.commits.load(Ordering::Relaxed)));
}

#[tokio::test]
async fn who_comes_alone_waits_for_nobody() {
    let desk = Desk::new().await;
    for number in 0..5 {
        assert_eq!(desk.writer.run(Note::new(number)).await.unwrap(), number);
    }
    assert_eq!(desk.commits.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_member_that_fails_harms_nobody() {
    let mut desk = Desk::new().await;
    let numbers = [1, 2, 3, 2, 4];
    let answers = join_all(numbers.map(|number| desk.writer.run(Note::new(number)))).await;
    let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(|fault| fault.kind())).collect();
    assert_eq!(kinds, [None, None, None, Some(FaultKind::Corrupt), None]);
    assert_eq!(answers[3].as_ref().unwrap_err().op(), "test.note");
    assert_eq!(desk.notes().await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_caller_who_goes_away_disturbs_nobody() {
    let mut desk = Desk::new().await;
    let mut gone: Vec<_> = (0..10).map(|number| Box::pin(desk.writer.run(Note::new(number)))).collect();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for call in &mut gone {
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    let stays = desk.writer.run(Note::new(10));
    drop(gone);
    assert_eq!(stays.await.unwrap(), 10);
    assert_eq!(desk.notes().await, (0..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_that_stays_locked_is_a_fault_and_passes() {
    let mut desk = Desk::new().await;
    let lock = desk.other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let answers = join_all([1, 2, 3].map(|number| desk.writer.run(Note::new(number)))).await;
    for answer in answers {
        assert_eq!(answer.unwrap_err().kind(), FaultKind::Unavailable);
    }
    lock.rollback().await.unwrap();
    assert_eq!(desk.writer.run(Note::new(4)).await.unwrap(), 4);
    assert_eq!(desk.notes().await, [4]);
}

#[tokio::test]
async fn a_store_that_is_down_is_not_asked_member_by_member() {
    let mut desk = Desk::new().await;
    let note = Note::new(1);
    let runs = note.runs.clone();
    let (noted, fainted) = futures::join!(desk.writer.run(note), desk.writer.run(Faint));
    assert_eq!(noted.unwrap_err().kind(), FaultKind::Unavailable);
    assert_eq!(fainted.unwrap_err().op(), "test.faint");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert!(desk.notes().await.is_empty());
}

#[tokio::test]
async fn a_commit_that_fails_is_nobodys_success() {
    let mut desk = Desk::new().await;
    let mut other = desk.other;
    // Checked when the transaction ends, so that it is the commit itself that fails.
    sqlx::query("CREATE TABLE strict (number INTEGER REFERENCES notes (number) DEFERRABLE INITIALLY DEFERRED)")
        .execute(&mut other)
        .await
        .unwrap();
    sqlx::query(
        "CREATE TRIGGER break AFTER INSERT ON notes WHEN NEW.number = 2 BEGIN INSERT INTO strict VALUES (-1); END",
    )
    .execute(&mut other)
    .await
    .unwrap();
    desk.other = other;
    let answers = join_all([1, 2, 3].map(|number| desk.writer.run(Note::new(number)))).await;
    let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(|fault| fault.kind())).collect();
    assert_eq!(kinds, [None, Some(FaultKind::Corrupt), None]);
    assert_eq!(desk.notes().await, [1, 3]);
}

#[tokio::test]
async fn closing_writes_what_was_handed_in() {
    let mut desk = Desk::new().await;
    let mut calls: Vec<_> = (0..300).map(|number| Box::pin(desk.writer.run(Note::new(number)))).collect();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for call in &mut calls {
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    let (answers, ()) = futures::join!(join_all(calls), desk.writer.close());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(desk.writer.run(Note::new(300)).await.unwrap_err().kind(), FaultKind::Unavailable);
    assert_eq!(desk.notes().await, (0..300).collect::<Vec<_>>());
}
