//! A real browser: Chromium without a window, with a profile of its own.

use std::fs::File;
use std::process::Command;
use std::sync::Once;

use tempfile::TempDir;

use crate::stores::daemon::Daemon;
use crate::stores::shared;

/// Which program it is.
pub const CHROMIUM: &str = "OTP_TEST_CHROMIUM";

/// A browser that shows one page. It ends when dropped, with all its processes, and its profile with it.
#[derive(Debug)]
pub struct Browser {
    // Dropped in this order: the folder once nobody writes to it.
    _daemon: Daemon,
    folder: TempDir,
}

impl Browser {
    /// Opens `url` in a fresh profile. Without a browser the caller's test has nothing to do; stderr says so.
    ///
    /// # Panics
    /// When there is none and [`REQUIRED`](shared::REQUIRED) is set, or it does not start.
    pub fn open(url: &str) -> Option<Self> {
        static TOLD: Once = Once::new();
        let program = shared::given(CHROMIUM, &TOLD)?;
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
        // It is to speak to our servers and to nobody else.
        command.args(["--disable-background-networking", "--disable-component-update", "--no-proxy-server"]);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display())).arg(url);
        command.env("HOME", folder.path()).stdout(log.try_clone().unwrap()).stderr(log);
        let daemon = Daemon::default();
        daemon.start(&mut command, || said(&folder), || true);
        Some(Self { _daemon: daemon, folder })
    }

    /// Everything it has written so far.
    pub fn said(&self) -> String {
        said(&self.folder)
    }
}

fn said(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}
