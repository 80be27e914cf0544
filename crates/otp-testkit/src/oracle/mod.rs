//! The oracle: an adapter must answer as the reference adapter does, whatever it is asked.
//!
//! Scripts of verbs are made up at random and played on both, step by step. Ids, addresses, counters
//! and tenants come from small pools, so that steps meet each other's rows; time moves by the spans
//! on whose ends verbs depend. When an answer differs, the script is shrunk to the fewest steps that
//! show it.
//!
//! The suite shows what is promised under concurrency; the oracle is sequential, and looks where
//! nobody thought of a case.

mod book;
mod script;
mod verb;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use tokio::runtime::Runtime;

use crate::conformance::Fixture;
use book::Book;
use script::{Step, script};
use verb::Side;

/// Plays `cases` random scripts on a fresh model and a fresh adapter each; panics at the first answer
/// in which they differ, with the shortest script found that shows it.
///
/// The model is meant to be `otp-memory`. Both fixtures must give each script an empty store.
pub fn agree<M: Fixture, A: Fixture>(cases: u32, model: impl AsyncFn() -> M, adapter: impl AsyncFn() -> A) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("no runtime to test on: {error}"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_096, ..Config::default() };
    let outcome = TestRunner::new(config).run(&script(), |steps| {
        runtime.block_on(async {
            let (model, adapter) = (model().await, adapter().await);
            match (model.stores(), adapter.stores()) {
                (Some(model), Some(adapter)) => play(&steps, Side::new(model), Side::new(adapter)).await,
                _ => Ok(()),
            }
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("{why}\nin the script{}", listed(&steps)),
        Err(TestError::Abort(why)) => panic!("no script could be played: {why}"),
    }
}

/// One step a line, as `play` counts them.
fn listed(steps: &[Step]) -> String {
    steps.iter().enumerate().map(|(nth, step)| format!("\n{nth:4} {step:?}")).collect()
}

async fn play(steps: &[Step], mut model: Side, mut adapter: Side) -> Result<(), TestCaseError> {
    let mut book = Book::new();
    for (nth, step) in steps.iter().enumerate() {
        let verbs = book.verbs(step, &model).await;
        for verb in verbs {
            let expected = model.perform(verb.clone(), book.now()).await;
            let answer = adapter.perform(verb.clone(), book.now()).await;
            if answer != expected {
                let place = format!("step {nth}, at {}: {verb:?}", book.now());
                return Err(TestCaseError::fail(format!(
                    "{place}\n   the model answers {expected:?}\n the adapter answers {answer:?}"
                )));
            }
            book.note(&verb, &expected);
        }
    }
    Ok(())
}
