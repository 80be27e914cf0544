//! Group commit: whoever waits is written in one transaction.

use anyhow::{Context, Result};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

/// Jobs of one transaction at most.
const BATCH: usize = 256;

/// One write.
pub(super) enum Job {
    /// Adds an open row with this address.
    Insert(String, String),
    /// Closes a row.
    Close(String),
}

impl Job {
    /// Writes it; answers whether there was a row to write.
    async fn run(&self, conn: &mut SqliteConnection) -> Result<bool> {
        let query = match self {
            Self::Insert(id, email) => sqlx::query("INSERT INTO bare (id, email) VALUES (?, ?)").bind(id).bind(email),
            Self::Close(id) => sqlx::query("UPDATE bare SET open = 0 WHERE id = ? AND open = 1").bind(id),
        };
        Ok(query.execute(conn).await?.rows_affected() == 1)
    }
}

struct Waiting {
    job: Job,
    answer: oneshot::Sender<bool>,
}

/// One task with one connection, which writes.
pub(super) struct Group(mpsc::Sender<Waiting>);

impl Group {
    /// Writes by `conn`, in one transaction as many as wait.
    pub(super) fn together(conn: SqliteConnection) -> Self {
        Self::of(conn, BATCH)
    }

    /// Writes by `conn`, each in a transaction of its own.
    pub(super) fn single(conn: SqliteConnection) -> Self {
        Self::of(conn, 1)
    }

    fn of(conn: SqliteConnection, batch: usize) -> Self {
        let (queue, jobs) = mpsc::channel(4 * BATCH);
        tokio::spawn(write(jobs, conn, batch));
        Self(queue)
    }

    /// Has `job` written; answers once it is on disk.
    pub(super) async fn run(&self, job: Job) -> Result<bool> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Waiting { job, answer }).await.ok().context("the writer has stopped")?;
        answered.await.context("not written")
    }
}

/// Whoever is not written is not answered.
async fn write(mut jobs: mpsc::Receiver<Waiting>, mut conn: SqliteConnection, batch: usize) {
    let mut waiting = Vec::with_capacity(batch);
    while jobs.recv_many(&mut waiting, batch).await > 0 {
        let batch = std::mem::take(&mut waiting);
        if let Ok(outcomes) = transaction(&mut conn, &batch).await {
            for (Waiting { answer, .. }, outcome) in batch.into_iter().zip(outcomes) {
                _ = answer.send(outcome);
            }
        }
    }
}

async fn transaction(conn: &mut SqliteConnection, batch: &[Waiting]) -> Result<Vec<bool>> {
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for waiting in batch {
        outcomes.push(waiting.job.run(&mut transaction).await?);
    }
    transaction.commit().await?;
    Ok(outcomes)
}
