//! The one-time-code service as one binary: `otp-server dev`, `otp-server serve`, and the commands
//! an operator needs beside them.
//!
//! Everything it does is wired in `otp-wire` and served by `otp-http`; here stand the command line,
//! the life of the process, and the development mode.

mod cli;
mod commands;
mod dev;
mod output;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use otp_wire::process::{self, Failure};

use cli::{Cli, Command};

fn main() -> ExitCode {
    process::run("otp-server", run(Cli::parse()))
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let settings = &cli.settings;
    match cli.command {
        Command::Dev { reset } => dev::run(settings, reset).await,
        Command::Serve => serve::run(settings).await,
        Command::Migrate(command) => commands::migrate::run(settings, &command).await,
        Command::Config(command) => commands::config::run(settings, &command),
        Command::Operator(command) => commands::operator::run(settings, &command).await,
        Command::Customer(command) => commands::customer::run(settings, &command).await,
        Command::Key(command) => commands::key::run(settings, &command).await,
        Command::User(command) => commands::user::run(settings, &command).await,
        Command::Audit(command) => commands::audit::run(settings, &command).await,
        Command::Secret(command) => commands::secret::run(settings, &command).await,
        Command::Email(command) => commands::email::run(settings, &command).await,
        Command::Doctor { json } => commands::doctor::run(settings, json).await,
        Command::Openapi => commands::openapi::run(settings),
        Command::Healthcheck { url, json } => commands::healthcheck::run(url, json).await,
        Command::Completions { shell } => commands::completions::run(shell),
    }
}
