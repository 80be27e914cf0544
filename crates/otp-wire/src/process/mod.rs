//! What every process of the service has in common: how it reads its settings, logs, measures, serves, waits for
//! its database, works beside requests and ends.
//!
//! A process is these parts in its own order; `otp-worker` is the shortest example:
//!
//! ```
//! use clap::Parser;
//! use otp_wire::process::{self, Failure, SettingArgs};
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(flatten)]
//!     settings: SettingArgs,
//! }
//!
//! async fn task(settings: &SettingArgs) -> Result<(), Failure> {
//!     let config = settings.read()?;
//!     process::logging::begin(&config)
//! }
//!
//! let cli = Cli::parse_from(["program", "--log", "warn"]);
//! assert_eq!(process::run("program", task(&cli.settings)), std::process::ExitCode::SUCCESS);
//! ```
//!
//! The feature `process` turns it on. It brings an argument parser, a log subscriber and signals:
//! who embeds the service in a process of his own has these already and should not build them twice.

pub mod logging;
pub mod schema;

mod exit;
mod measures;
mod requirements;
mod serving;
mod settings;
mod termination;
#[cfg(feature = "otlp")]
mod traces;
mod traffic;
mod work;

pub use exit::{Exit, Failure};
pub use measures::Measures;
pub use requirements::Requirements;
pub use serving::Serving;
pub use settings::{HEADING, SettingArgs};
pub use termination::Termination;
pub use traffic::TrafficTask;
pub use work::Work;

use std::future::Future;
use std::process::ExitCode;

/// Runs `task` to its end on a runtime of its own. If it fails, `program` says why on stderr.
///
/// # Panics
/// On a thread that runs a runtime already.
pub fn run(program: &str, task: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    // One crypto library for every TLS stack of the process; only a second call could fail.
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(task);
            #[cfg(feature = "otlp")]
            traces::end();
            done
        }
        Err(error) => Err(Failure::Failed(format!("no runtime: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(program),
    }
}
