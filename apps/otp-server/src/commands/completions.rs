//! `otp-server completions`: the command line, as shells know it.

use clap::CommandFactory;
use clap_complete::Shell;
use otp_wire::process::Failure;

use crate::cli::Cli;
use crate::output;

/// Writes the script of `shell`.
pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "otp-server", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())
}
