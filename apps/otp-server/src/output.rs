//! Data goes to stdout, and a command whose data nobody gets has failed.

use std::fmt::Display;
use std::io::Write;

use otp_wire::process::Failure;

/// Writes one line of data.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    written.map_err(|error| Failure::Failed(format!("stdout cannot be written: {error}")))
}
