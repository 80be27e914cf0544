//! `cargo xtask services`: the servers that the tests of a run share.

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use anyhow::Result;
use otp_testbed::stores::{Durability, Persistence, Postgres, Redis, shared};
use otp_testbed::{browser, python};

use crate::{install, process};

/// A Postgres and a Redis that keep nothing; they end when dropped.
#[derive(Debug)]
pub(crate) struct Servers {
    postgres: Postgres,
    redis: Redis,
    python_programs: String,
}

impl Servers {
    /// Those of the workspace at `root`.
    pub(crate) fn start(root: &Path) -> Result<Self> {
        let python_programs = install::python_programs(root)?.display().to_string();
        Ok(Self {
            postgres: Postgres::start(Durability::Fast),
            redis: Redis::start(Persistence::None),
            python_programs,
        })
    }

    /// How tests find them, the browser, and the programs in Python.
    fn places(&self) -> [(&'static str, String); 4] {
        [
            (shared::POSTGRES, self.postgres.url()),
            (shared::REDIS, self.redis.url()),
            (browser::CHROMIUM, install::CHROMIUM.to_owned()),
            (python::PROGRAMS, self.python_programs.clone()),
        ]
    }

    /// The environment of tests of which none may be skipped.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.places().into_iter().chain([(shared::REQUIRED, "1".to_owned())])
    }
}

/// Runs them until Ctrl-C or the end of stdin, and writes what a shell finds them with.
pub(crate) fn serve(root: &Path) -> Result<()> {
    install::missing()?;
    let servers = Servers::start(root)?;
    let mut stdout = std::io::stdout();
    for (name, value) in servers.places() {
        writeln!(stdout, "export {name}={value}")?;
    }
    stdout.flush()?;
    eprintln!("Ctrl-C ends them.");
    let (tell, told) = mpsc::channel::<()>();
    thread::spawn(move || {
        let _until_it_ends = tell;
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())
    });
    while !process::told_to_end() && told.recv_timeout(process::GLANCE) == Err(RecvTimeoutError::Timeout) {}
    Ok(())
}
