//! Project tasks: `cargo xtask help`.

mod bench;
mod features;
mod fuzz;
mod install;
mod mutants;
mod openapi;
mod process;
mod servers;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

const HELP: &str = "\
cargo xtask TASK

  test      everything a change has to pass: format, tidy, lints, features, tests, bans, licences, mutants
  bench     how fast the service is, beside the fewest durable writes its work needs: `cargo xtask bench --help`
  fuzz      what strangers send, made up for a minute a target: `cargo xtask fuzz [TARGET] [--seconds N]`
  mutants   mistakes that the tests have to see, made one after the other
  openapi   the contract in docs/openapi.json, made anew, and what has changed of it
  features  every package by itself, with none of its features and with each of them alone
  tidy      the rules of ARCHITECTURE.md that a compiler does not know
  services  the Postgres and the Redis that tests share, for `cargo test` by hand, until Ctrl-C
  help      this
";

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let done = match task.as_deref() {
        Some("test") => prepared().and_then(|root| test::all(&root)),
        Some("bench") => prepared().and_then(|root| bench::run_with(&root, std::env::args().skip(2))),
        Some("fuzz") => prepared().and_then(|root| fuzz::run_with(&root, std::env::args().skip(2))),
        Some("mutants") => prepared().and_then(|root| mutants::on_its_own(&root)),
        Some("openapi") => prepared().and_then(|root| openapi::renew(&root)),
        Some("features") => prepared().and_then(|root| features::check(&root)),
        Some("tidy") => prepared().and_then(|root| tidy::check(&root)),
        Some("services") => prepared().and_then(|root| servers::serve(&root)),
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

/// The root of the workspace, once a signal is heard and does not end us.
fn prepared() -> Result<PathBuf> {
    process::listen()?;
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).context("xtask is not in a workspace")
}
