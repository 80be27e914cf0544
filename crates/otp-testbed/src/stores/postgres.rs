//! A Postgres server of one's own.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use super::daemon::Daemon;
use crate::port::free_port;

/// What a committed transaction survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Everything, as in production.
    Full,
    /// The end of the server, not that of the machine: several times faster.
    Fast,
}

/// A server with a folder and a port of its own. It ends when dropped, and its folder with it.
#[derive(Debug)]
pub struct Postgres {
    // Dropped in this order: the folder once nobody writes to it.
    daemon: Daemon,
    folder: TempDir,
    port: u16,
    durability: Durability,
    account: Option<Account>,
}

impl Postgres {
    /// Whether there is what [`start`](Self::start) needs.
    pub fn is_installed() -> bool {
        ["initdb", "postgres", "pg_isready", "psql", "pg_dump"].iter().all(|name| program(name).is_some())
    }

    /// Makes one, and waits until it answers.
    ///
    /// # Panics
    /// When Postgres is not installed or does not start.
    pub fn start(durability: Durability) -> Self {
        let (folder, account) = (tempfile::tempdir().unwrap(), Account::to_run_as());
        if let Some(Account { uid, gid }) = account {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let postgres = Self { daemon: Daemon::default(), folder, port: free_port(), durability, account };
        let initialize = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"];
        expect_success(postgres.command("initdb").args(initialize).arg("--pgdata").arg(postgres.data()));
        postgres.launch();
        postgres
    }

    /// Where its first database is.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes another database; answers where it is.
    ///
    /// # Panics
    /// When there is one of that name.
    pub fn create_database(&self, name: &str) -> String {
        self.psql(&format!("CREATE DATABASE \"{name}\""));
        self.url_of(name)
    }

    /// Runs statements in its first database; answers the values they select, a row a line, with `|` between.
    ///
    /// # Panics
    /// When one fails.
    pub fn psql(&self, statements: &str) -> String {
        let quietly = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
        let output = expect_success(self.command("psql").args(quietly).args(["--command", statements, &self.url()]));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// A logical dump of its first database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn dump(&self) -> Vec<u8> {
        expect_success(self.command("pg_dump").args(["--dbname", &self.url()])).stdout
    }

    /// Everything it has on disk, whether it runs or not: tables, and every write to them in the write-ahead log.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn written(&self) -> Vec<u8> {
        let (mut folders, mut written) = (vec![self.data()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    // While it runs, files come and go.
                    written.extend(std::fs::read(path).unwrap_or_default());
                }
            }
        }
        written
    }

    /// Ends it in good order: open transactions are rolled back, clients disconnected.
    pub fn stop(&self) {
        self.daemon.stop(Signal::INT);
    }

    /// kill -9 of all its processes; waits until they are gone.
    pub fn kill(&self) {
        self.daemon.kill();
    }

    /// Starts it again with the same port and data, after [`stop`](Self::stop) or [`kill`](Self::kill) or in
    /// place of them; waits until it answers.
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
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k", ""]);
        let mut set = vec!["max_connections=200", "jit=off"];
        // Shared memory in the folder goes with it, however the server ends.
        set.push("dynamic_shared_memory_type=mmap");
        if self.durability == Durability::Fast {
            set.extend(["fsync=off", "full_page_writes=off"]);
        }
        command.args(set.iter().flat_map(|setting| ["-c", setting]));
        let written = File::options().create(true).append(true).open(&log).unwrap();
        command.stdout(written.try_clone().unwrap()).stderr(written);
        self.daemon.start(&mut command, || std::fs::read_to_string(&log).unwrap(), || self.answers());
    }

    fn answers(&self) -> bool {
        let mut asked = self.command("pg_isready");
        asked.args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()]).status().unwrap().success()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// One of its programs, run as who may run it.
    fn command(&self, name: &str) -> Command {
        let program = program(name).unwrap_or_else(|| {
            panic!("`{name}` is neither in PATH nor below /usr/lib/postgresql: `apt-get install postgresql` brings it")
        });
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Quickly, but not by kill: it gives its piece of the system's shared memory back.
        self.daemon.stop(Signal::QUIT);
    }
}

/// Whom Postgres runs as where we are root, as whom it refuses to.
#[derive(Debug, Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account that came with the package; nobody else than us, unless we are root.
    fn to_run_as() -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
        let account = accounts.lines().find_map(|line| line.strip_prefix("postgres:"));
        let account = account.expect("Postgres does not run as root, and there is no account `postgres`");
        let mut numbers = account.split(':').skip(1).map(|field| field.parse().unwrap());
        Some(Self { uid: numbers.next().unwrap(), gid: numbers.next().unwrap() })
    }
}

/// The program of that name, in PATH or where Debian keeps those of each version: the newest.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    let versions = || std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = || {
        let programs = versions().map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file());
        programs.max_by_key(|path| version(path))
    };
    in_path.or_else(packaged)
}

/// The number in /usr/lib/postgresql/NUMBER/bin/….
fn version(program: &Path) -> Option<u32> {
    program.ancestors().nth(2)?.file_name()?.to_str()?.parse().ok()
}

fn expect_success(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
