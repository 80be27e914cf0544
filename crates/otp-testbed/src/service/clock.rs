//! The wall clock of processes under test, moved by preloading `stepped_clock.c`.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// The clock of every process started in the homes it was given to. It shows the true time until it is moved.
#[derive(Debug)]
pub struct SteppedClock {
    folder: TempDir,
    ahead: AtomicI64,
}

impl SteppedClock {
    /// One that shows the true time.
    ///
    /// # Panics
    /// When there is no C compiler.
    pub fn unmoved() -> Self {
        let clock = Self { folder: tempfile::tempdir().unwrap(), ahead: AtomicI64::new(0) };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/service/stepped_clock.c");
        let compiler = ["-shared", "-fPIC", "-O1", "-o"];
        let compiled = Command::new("cc").args(compiler).arg(clock.library()).arg(source).status().unwrap();
        assert!(compiled.success());
        clock.advance(Duration::ZERO);
        clock
    }

    /// Moves it later.
    pub fn advance(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).unwrap();
        let ahead = self.ahead.fetch_add(span, Ordering::SeqCst) + span;
        // In place: the processes have the file mapped.
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(self.offset()).unwrap();
        file.write_all(&ahead.to_ne_bytes()).unwrap();
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
