//! The service's own binaries, started as an operator would, and a client for them.
//!
//! They are the ones cargo has built beside the running test. `cargo test --workspace` builds them all;
//! of one package alone only its own, and those of others are as they were last built.
//!
//! ```no_run
//! # use otp_testbed::service::{Home, code};
//! # use otp_testkit::smtp_sink::SmtpSink;
//! # async fn example() -> std::io::Result<()> {
//! let sink = SmtpSink::start().await?;
//! let home = Home::serving(&sink.url());
//! let server = home.serve();
//! let (_, key) = home.customer("free");
//! let asked = server.ask(&key, "ada@example.org").await;
//! let code = code(&sink, "ada@example.org").await;
//! assert_eq!(server.verify(&key, &asked["challengeId"], &code).await.0, 200);
//! # Ok(())
//! # }
//! ```

pub mod canary;

mod clock;
mod home;
mod ledger;
mod load;
mod program;
mod proxy;
mod server;

pub use clock::SteppedClock;
pub use home::{Home, SECRET};
pub use ledger::{Calls, Ledger};
pub use load::{Closing, Load};
pub use program::Program;
pub use proxy::{Fronted, Proxy};
pub use server::{Server, code};

use std::future::Future;
use std::time::Duration;

use crate::PATIENCE;

/// Which library the clients of this process speak TLS by. Once per process; only a second call fails.
fn choose_cryptography() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

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
