//! Python programs that know the service by its contract alone, in an environment of their own.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Once;

use crate::stores::shared;

/// The folder of the programs.
pub const PROGRAMS: &str = "OTP_TEST_PYTHON_PROGRAMS";

/// An environment in which the programs are installed that tests call.
#[derive(Debug)]
pub struct Python {
    programs: PathBuf,
}

impl Python {
    /// The one of this run. Without one the caller's test has nothing to do; stderr says so.
    ///
    /// # Panics
    /// When there is none and [`REQUIRED`](shared::REQUIRED) is set.
    pub fn given() -> Option<Self> {
        static TOLD: Once = Once::new();
        shared::given(PROGRAMS, &TOLD).map(|programs| Self { programs: programs.into() })
    }

    /// `program` of the environment, to be run.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        // One program calls another by its name.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(paths).unwrap()).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// What a program that was run has said, if it did not succeed.
///
/// # Panics
/// When it did not.
pub fn succeeded(output: &Output) {
    let said = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
}
