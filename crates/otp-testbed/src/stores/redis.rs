//! A Redis server of one's own.

use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::daemon::Daemon;
use crate::port::free_port;

/// What Redis writes to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing: it is empty after its end.
    None,
    /// Every write, once a second: it may lose the last second.
    EverySecond,
    /// Every write before it is answered.
    Always,
}

/// A server with a folder and a port of its own. It ends when dropped, and its folder with it.
#[derive(Debug)]
pub struct Redis {
    // Dropped in this order: the folder once nobody writes to it.
    daemon: Daemon,
    folder: TempDir,
    port: u16,
    persistence: Persistence,
}

impl Redis {
    /// Makes one, and waits until it answers.
    ///
    /// # Panics
    /// When Redis is not installed or does not start.
    pub fn start(persistence: Persistence) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let redis = Self { daemon: Daemon::default(), folder, port: free_port(), persistence };
        redis.launch();
        redis
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs a command; answers what it answers, an element a line.
    ///
    /// # Panics
    /// When there is no `redis-cli`.
    pub fn cli(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).args(command);
        let output = cli.output().expect("`redis-cli` cannot be run: `apt-get install redis-tools` brings it");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Every write of its that is on disk, in the order of writing.
    ///
    /// # Panics
    /// When it writes nothing to disk.
    pub fn written(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path().join("appendonlydir")).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// Ends it in good order.
    pub fn stop(&self) {
        self.daemon.stop(Signal::TERM);
    }

    /// kill -9 of all its processes; waits until they are gone.
    pub fn kill(&self) {
        self.daemon.kill();
    }

    /// Starts it again with the same port and what it has written down, after [`stop`](Self::stop) or
    /// [`kill`](Self::kill) or in place of them; waits until it answers.
    pub fn restart(&self) {
        self.stop();
        self.launch();
    }

    /// Stops all its processes; they keep their connections and answer nothing.
    pub fn pause(&self) {
        self.daemon.pause();
    }

    /// Lets them go on.
    pub fn resume(&self) {
        self.daemon.resume();
    }

    /// All its processes, the first of them first; none if it does not run.
    pub fn process_ids(&self) -> Vec<u32> {
        self.daemon.process_ids()
    }

    fn launch(&self) {
        let log = self.folder.path().join("log");
        let mut command = Command::new("redis-server");
        command.current_dir(self.folder.path()).args(["--bind", "127.0.0.1", "--port", &self.port.to_string()]);
        command.arg("--logfile").arg(&log).args(["--maxmemory-policy", "noeviction", "--save", ""]);
        command.args(match self.persistence {
            Persistence::None => ["--appendonly", "no"].as_slice(),
            Persistence::EverySecond => &["--appendonly", "yes", "--appendfsync", "everysec"],
            Persistence::Always => &["--appendonly", "yes", "--appendfsync", "always"],
        });
        let told = || std::fs::read_to_string(&log).unwrap_or_default();
        // It listens before it has read what it wrote down, and answers something else until then.
        self.daemon.start(&mut command, told, || self.cli(&["PING"]) == "PONG");
    }
}
