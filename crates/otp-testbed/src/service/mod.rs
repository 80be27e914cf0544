//! The service's own binaries, started as an operator would, and a client for them.
//!
//! They are the ones cargo has built beside the running test. `cargo test --workspace` builds them all;
//! of one package alone only its own, and those of others are as they were last built.

mod clock;
mod home;
mod ledger;
mod load;
mod program;
mod server;

pub use clock::SteppedClock;
pub use home::{Home, SECRET, free_port};
pub use ledger::{Calls, Ledger};
pub use load::Load;
pub use program::Program;
pub use server::{Server, code};

use std::future::Future;
use std::time::Duration;

/// How long a test waits for what never comes before it fails and says so, instead of hanging. No
/// measure of anything: the machine may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `is_so` again and again until it is.
///
/// # Panics
/// When it is not after [`PATIENCE`], naming `what`.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let asked = tokio::time::timeout(PATIENCE, async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(asked.await.is_ok(), "waited in vain: {what}");
}
