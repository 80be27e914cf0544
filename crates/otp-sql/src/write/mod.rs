//! Everything that changes goes through here: one writer, who commits whoever waits together.
//!
//! A commit costs a flush of the disk, whatever is in it. So the writer takes every verb that waits,
//! runs all of them in one transaction, and answers each once that is committed. While it does, the
//! next ones gather: a batch closes when the writer is free, never by a timer, and a verb that comes
//! alone waits for nobody.
//!
//! The members of a batch are concurrent: none is answered before all are written, so any order of
//! them is a right one. That allows to read the rows of all members first, decide in memory, and
//! write all rows last: see [`WorkingSet`].

mod batch;
mod line;
mod verb;
mod working_set;

pub(crate) use line::Line;
pub(crate) use verb::Verb;
pub(crate) use working_set::WorkingSet;

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use otp_core::fault::Res;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::trouble::Trouble;
use verb::{Member, Waiting};

/// Members of one batch at most: what a commit costs is spread over enough by then, and those who
/// come later should not wait for more.
const BATCH: usize = 256;
/// Verbs that may wait; who comes then waits to wait.
const QUEUE: usize = 4 * BATCH;

type Queue = mpsc::Sender<Box<dyn Member>>;

/// The one who writes, in a task of his own. A caller who goes away takes nothing with him: what he
/// has handed in belongs to the writer.
pub(crate) struct Writer {
    queue: Mutex<Option<Queue>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Begins to write on `line`.
    pub(crate) fn start(line: Line) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        Self { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(tokio::spawn(serve(jobs, line)))) }
    }

    /// Has `verb` written, and answers when it is on disk.
    pub(crate) async fn run<V: Verb>(&self, verb: V) -> Res<V::Answer> {
        let stopped = || Trouble::unavailable("the writer has stopped").fault(V::OP);
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(stopped)?;
        let (caller, answer) = oneshot::channel();
        queue.send(Box::new(Waiting::new(verb, caller))).await.map_err(|_| stopped())?;
        drop(queue);
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Takes no more; returns when everything handed in is written and answered.
    pub(crate) async fn close(&self) {
        // The queue ends when the last to hold it lets go, and so does the task.
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the writer broke down");
        }
    }
}

async fn serve(mut jobs: mpsc::Receiver<Box<dyn Member>>, mut line: Line) {
    let mut members = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut members, BATCH).await > 0 {
        let (alone, together): (Vec<_>, _) = members.drain(..).partition(|member| member.is_alone());
        let batches = std::iter::once(together).chain(alone.into_iter().map(|member| vec![member]));
        for batch in batches.filter(|batch| !batch.is_empty()) {
            let settled = AssertUnwindSafe(batch::settle(&mut line, batch)).catch_unwind().await;
            if settled.is_err() {
                // Its members were dropped unanswered, which tells their callers; the next batch must not pay for it.
                tracing::error!("a verb panicked; its batch is not written");
                line.give_up();
            }
        }
    }
    line.close().await;
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
