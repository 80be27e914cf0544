//! Where a process of the service lives: a folder, a port and an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::{Program, Server, SteppedClock, canary, choose_cryptography};
use crate::port::free_port;

/// The key every server of these tests runs with.
pub const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// What a process logs once it does its work.
const READY: &str = "\"ready\"";

/// What `dev` keeps secrets in.
const KEPT: [&str; 2] = ["dev.env", "secret.key"];

/// Where a server lives: its folder, its port, its environment. What it leaves in the folder may hold no secret.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    /// Where its server listens, on loopback.
    pub port: u16,
    environment: Vec<(String, String)>,
}

impl Home {
    /// An empty folder and a free port.
    pub fn empty() -> Self {
        choose_cryptography();
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        // Many run at once, and who looks at metrics says where.
        let environment = [("OTP_LISTEN", format!("127.0.0.1:{port}")), ("OTP_METRICS_LISTEN", String::new())];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { folder, port, environment }
    }

    /// One that `serve` accepts, sending mail to `smtp`.
    pub fn serving(smtp: &str) -> Self {
        Self::empty()
            .with("OTP_SECRET_KEY", SECRET)
            .with("OTP_EMAIL_URL", smtp)
            .with("OTP_EMAIL_FROM", "Acme <no-reply@acme.example>")
            // Its log is searched for secrets: it may say all it has to.
            .with("OTP_LOG", "debug")
    }

    /// With one more variable of its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if name == "OTP_SECRET_KEY" {
            canary::enter("secret key", value);
        }
        self.environment.push((name.into(), value.into()));
        self
    }

    /// With the time that `clock` shows.
    #[must_use]
    pub fn on(mut self, clock: &SteppedClock) -> Self {
        self.environment.extend(clock.environment());
        self
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where its server answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `otp-server` with these arguments, to be run here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of("otp-server", arguments)
    }

    /// One of the service's programs with these arguments, to be run here.
    pub fn command_of(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(built(program));
        command.args(arguments).current_dir(self.path()).env_clear().envs(self.environment.iter().cloned());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that has to succeed; answers the JSON it writes.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let answer = serde_json::from_slice(&output.stdout).unwrap();
        canary::enter_answer(&answer);
        answer
    }

    /// Registers a customer, one for each plan; answers its id and key.
    pub fn customer(&self, plan: &str) -> (String, String) {
        let owner = format!("{plan}@acme.example");
        let create = ["customer", "create", "--name", "Acme", "--email", &owner, "--plan", plan, "--json"];
        let made = self.json(&create);
        (made["customerId"].as_str().unwrap().to_owned(), made["apiKey"].as_str().unwrap().to_owned())
    }

    /// Starts `dev` or `serve` and waits until it says it is ready.
    pub fn start(&self, arguments: &[&str]) -> Server {
        let program = Program::launch(self.command(arguments));
        // The log line of `serve`, or the last line of what `dev` says.
        program.until_said(&[READY, "begin anew with --reset"]);
        Server::of(program, self.url())
    }

    /// Starts `serve` and waits until it says it is ready.
    pub fn serve(&self) -> Server {
        self.start(&["serve"])
    }

    /// Starts `otp-worker` and waits until it says it is ready.
    pub fn work(&self) -> Program {
        let program = Program::launch(self.command_of("otp-worker", &["run"]));
        program.until_said(&[READY]);
        program
    }

    /// Every file of the folder, read whole.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut open = vec![self.path().to_path_buf()];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.push((path.clone(), std::fs::read(path).unwrap()));
                }
            }
        }
        files
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let data = self.path().join("otp-data");
        let written = self.files().into_iter().filter(|(path, _)| path.starts_with(&data));
        for (path, content) in written.filter(|(path, _)| !KEPT.iter().any(|kept| path.ends_with(kept))) {
            canary::assert_silent(&path.display().to_string(), &content);
        }
    }
}

/// The program of that name, beside the folder of the running test's own.
fn built(program: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap().join(program);
    assert!(built.exists(), "{} was not built: `cargo build -p {program}`, or test the workspace", built.display());
    built
}
