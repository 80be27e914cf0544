//! Data goes to stdout, and a command whose data nobody gets has failed. How far long work has come goes to stderr.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Stderr, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use otp_wire::process::Failure;
use serde_json::Value;

/// Makes sure that somebody gets what is shown once, before it is made: later it could only be taken back.
pub(crate) fn require_reader() -> Result<(), Failure> {
    match is_read() {
        Ok(true) => Ok(()),
        // One that was closed is this by now: the runtime opens it, lest a file take its number.
        Ok(false) => Err(Failure::Failed(
            "stdout is closed or /dev/null, and what this command makes is shown once, there: send it where somebody reads it"
                .to_owned(),
        )),
        Err(error) => Err(unwritable(&error)),
    }
}

/// Whether what is written to stdout goes anywhere.
fn is_read() -> io::Result<bool> {
    // Not `Stdout`, which takes for written what goes to a file that was opened for reading. Of nothing, nothing is seen.
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    stdout.write(&[]).map(drop)?;
    let device = |metadata: fs::Metadata| metadata.file_type().is_char_device().then(|| metadata.rdev());
    let stdout = device(stdout.metadata()?);
    Ok(stdout.is_none() || stdout != fs::metadata("/dev/null").ok().and_then(device))
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::Failed(format!("stdout cannot be written: {error}"))
}

/// Says to people what is no data.
pub(crate) fn note(text: impl Display) {
    eprintln!("otp-server: {text}");
}

/// Writes one line of data.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    written.map_err(|error| unwritable(&error))
}

/// Writes data: as JSON, or as lines of `name: value`.
pub(crate) fn members(json: bool, members: &[(&str, Value)]) -> Result<(), Failure> {
    if json {
        return line(Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()));
    }
    members.iter().try_for_each(|(name, value)| match value.as_str() {
        Some(text) => line(format_args!("{name}: {text}")),
        None => line(format_args!("{name}: {value}")),
    })
}

/// One line on a terminal that says how far long work has come. Where nobody looks, it is not written.
pub(crate) struct Progress<W: Write = Stderr> {
    /// Where to; nowhere, if that is no terminal.
    terminal: Option<W>,
    is_shown: bool,
}

/// To the beginning of the line, and erase it.
const ERASE: &str = "\r\x1b[K";

impl Progress {
    /// On stderr, if that is a terminal.
    pub(crate) fn on_stderr() -> Self {
        let stderr = io::stderr();
        Self { terminal: stderr.is_terminal().then_some(stderr), is_shown: false }
    }
}

impl<W: Write> Progress<W> {
    /// Shows `text` in place of what was shown. Whether that can be written changes nothing about the work.
    pub(crate) fn show(&mut self, text: impl Display) {
        if let Some(terminal) = &mut self.terminal {
            self.is_shown = write!(terminal, "{ERASE}{text}").and_then(|()| terminal.flush()).is_ok();
        }
    }

    /// Makes room for a line of data, which may go to the same terminal.
    pub(crate) fn hide(&mut self) {
        if let Some(terminal) = self.terminal.as_mut().filter(|_| self.is_shown) {
            let _ = write!(terminal, "{ERASE}").and_then(|()| terminal.flush());
            self.is_shown = false;
        }
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.hide();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_one_line_that_is_gone_in_the_end() {
        let mut screen = Vec::new();
        let mut progress = Progress { terminal: Some(&mut screen), is_shown: false };
        progress.hide();
        progress.show("1 of 2");
        progress.show("2 of 2");
        drop(progress);
        assert_eq!(String::from_utf8(screen).unwrap(), format!("{ERASE}1 of 2{ERASE}2 of 2{ERASE}"));
    }
}
