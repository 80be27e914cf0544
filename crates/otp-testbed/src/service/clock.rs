//! The clocks of processes under test, moved by preloading `stepped_clock.c`.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// The clocks of every process started in the homes it was given to. They show the true time until they are moved.
#[derive(Debug)]
pub struct SteppedClock {
    folder: TempDir,
    wall: AtomicI64,
    timers: AtomicI64,
}

impl SteppedClock {
    /// One that shows the true time.
    ///
    /// # Panics
    /// When there is no C compiler.
    pub fn unmoved() -> Self {
        let clock = Self { folder: tempfile::tempdir().unwrap(), wall: AtomicI64::new(0), timers: AtomicI64::new(0) };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/service/stepped_clock.c");
        let compiler = ["-shared", "-fPIC", "-O1", "-o"];
        let compiled = Command::new("cc").args(compiler).arg(clock.library()).arg(source).status().unwrap();
        assert!(compiled.success());
        clock.show();
        clock
    }

    /// Moves the wall clock later; timers go on as they are.
    pub fn advance(&self, span: Duration) {
        self.wall.fetch_add(millis(span), Ordering::SeqCst);
        self.show();
    }

    /// Lets time pass: timers are due earlier, too. A process that sleeps until one of them finds out when anything else wakes it.
    pub fn pass(&self, span: Duration) {
        self.timers.fetch_add(millis(span), Ordering::SeqCst);
        self.advance(span);
    }

    fn show(&self) {
        // In place: the processes have the file mapped.
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(self.offset()).unwrap();
        let [wall, timers] = [&self.wall, &self.timers].map(|ahead| ahead.load(Ordering::SeqCst).to_ne_bytes());
        file.write_all(&[wall, timers].concat()).unwrap();
    }

    /// What a process goes by it with.
    pub(super) fn environment(&self) -> [(String, String); 2] {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        [("LD_PRELOAD".to_owned(), text(self.library())), ("STEPPED_CLOCK".to_owned(), text(self.offset()))]
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("stepped_clock.so")
    }

    fn offset(&self) -> PathBuf {
        self.folder.path().join("stepped_clock.offset")
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap()
}
