//! The mail of the one-time-code service, carried by a process of its own: `otp-worker run`.
//!
//! It takes the configuration of `otp-server` and does what `serve` does beside answering requests.
//! Any number of workers share one database; each mail goes to who claimed it, and comes back to the
//! others when that one is gone.

mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use otp_wire::process::{self, Exit, SettingArgs};

/// Sends the mail of otp-server, and deletes what no longer matters.
#[derive(Debug, Parser)]
#[command(
    name = "otp-worker",
    version,
    propagate_version = true,
    max_term_width = 120,
    after_help = ending()
)]
struct Cli {
    #[command(flatten)]
    settings: SettingArgs,
    #[command(subcommand)]
    command: Command,
}

/// What there is to know besides.
fn ending() -> String {
    let exits = [Exit::Ok, Exit::Failed, Exit::Usage, Exit::Configuration, Exit::Denied, Exit::Unreachable];
    format!(
        "{}\n\nIt takes the configuration of otp-server; see `otp-server config dump`.\n{}",
        SettingArgs::secrets_told(),
        Exit::told(&exits)
    )
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Works until it is asked to stop
    Run,
}

fn main() -> ExitCode {
    let Cli { settings, command: Command::Run } = Cli::parse();
    process::run("otp-worker", run::run(&settings))
}
