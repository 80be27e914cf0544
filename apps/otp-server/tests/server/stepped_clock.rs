//! The wall clock of a server under test, moved by preloading `stepped_clock.c`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::harness::Home;

/// The clock of every server started in one home.
pub(crate) struct SteppedClock {
    offset: PathBuf,
    ahead: Duration,
}

impl SteppedClock {
    /// Gives `home` a clock of its own, which shows the true time until it is moved.
    pub(crate) fn of(home: Home) -> (Home, Self) {
        let library = home.path().join("stepped_clock.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/stepped_clock.c");
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status().unwrap();
        assert!(compiled.success());
        let clock = Self { offset: home.path().join("stepped_clock.offset"), ahead: Duration::ZERO };
        clock.write();
        let offset = clock.offset.to_str().unwrap().to_owned();
        (home.with("LD_PRELOAD", library.to_str().unwrap()).with("STEPPED_CLOCK", &offset), clock)
    }

    /// Moves it later.
    pub(crate) fn advance(&mut self, span: Duration) {
        self.ahead += span;
        self.write();
    }

    fn write(&self) {
        let millis = i64::try_from(self.ahead.as_millis()).unwrap();
        // In place: the servers have the file mapped.
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(&self.offset).unwrap();
        std::io::Write::write_all(&mut file, &millis.to_ne_bytes()).unwrap();
    }
}
