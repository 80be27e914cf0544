//! Project tasks: `cargo xtask help`.

mod check;
mod tidy;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

const HELP: &str = "\
cargo xtask TASK

  test    everything a change has to pass: format, lints, tidy, tests, bans and licences
  tidy    the rules of ARCHITECTURE.md that a compiler does not know
  help    this
";

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let done = match task.as_deref() {
        Some("test") => root().and_then(|root| check::all(&root)),
        Some("tidy") => root().and_then(|root| tidy::check(&root)),
        Some("help") | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(anyhow::anyhow!("there is no task {other:?}\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> Result<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).context("xtask is not in a workspace")
}
