//! Races: many tasks that start at the same moment.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How often a race is run whose loser wins only now and then.
pub const ROUNDS: usize = 100;

/// How long a race may take before it counts as a deadlock. No healthy store comes near it.
const DEADLOCK: Duration = Duration::from_secs(60);

/// Runs every racer in a task of its own, none before all are at the line; answers in any order.
pub(super) async fn race<T, R>(racers: impl IntoIterator<Item = R>) -> Vec<T>
where
    T: Send + 'static,
    R: Future<Output = T> + Send + 'static,
{
    let racers: Vec<R> = racers.into_iter().collect();
    let line = Arc::new(Barrier::new(racers.len()));
    let mut running = JoinSet::new();
    for racer in racers {
        let line = Arc::clone(&line);
        running.spawn(async move {
            line.wait().await;
            racer.await
        });
    }
    match tokio::time::timeout(DEADLOCK, running.join_all()).await {
        Ok(answers) => answers,
        Err(_) => panic!("the racers wait for each other: a deadlock"),
    }
}

/// How many of `answers` are such.
pub(super) fn count<T>(answers: &[T], such: impl Fn(&T) -> bool) -> usize {
    answers.iter().filter(|answer| such(answer)).count()
}
