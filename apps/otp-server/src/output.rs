//! Data goes to stdout, and a command whose data nobody gets has failed. How far long work has come goes to stderr.

use std::fmt::Display;
use std::io::{IsTerminal, Stderr, Write};

use otp_wire::process::Failure;
use serde_json::Value;

/// Writes one line of data.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    written.map_err(|error| Failure::Failed(format!("stdout cannot be written: {error}")))
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
        let stderr = std::io::stderr();
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
