//! The one-time-code service as one binary: `otp-server dev`, `otp-server serve`, and the commands
//! an operator needs beside them.
//!
//! Everything it does is wired in `otp-wire` and served by `otp-http`; here stand the command line,
//! the life of the process, and the development mode.

mod cli;
mod commands;
mod dev;
mod exit;
mod logging;
mod output;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use exit::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One crypto library for every TLS stack of the process; only a second call could fail.
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Failed(format!("no runtime: {error}")).report(),
    };
    let done = runtime.block_on(run(cli));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
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
        Command::Secret(command) => commands::secret::run(&command),
        Command::Healthcheck { url } => commands::healthcheck::run(&url).await,
    }
}
