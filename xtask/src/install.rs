//! Getting the programs that are missing.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use otp_testbed::stores::Postgres;

use crate::process::{run, tell_and_run};

/// The version of cargo-deny the rules of deny.toml are written for.
const CARGO_DENY: &str = "0.20.2";

/// Programs the build and the tests call, and the packages they come in: the embedded database is
/// compiled from C and the fuzzer from C++, the README's transcript is run as it stands, a page signs in from a real
/// browser, alerts are tried out by who would raise them, what is documented for deploying by who would run it, and the
/// contract by who knows nothing else.
const PROGRAMS: [(&str, &[&str]); 12] = [
    ("cc", &["gcc", "libc6-dev"]),
    ("c++", &["g++"]),
    ("curl", &["curl"]),
    (PROMTOOL, &["prometheus"]),
    ("redis-server", &["redis-server"]),
    (CHROMIUM, &["chromium"]),
    (PYTHON, &["python3", "python3-venv"]),
    ("caddy", &["caddy"]),
    ("haproxy", &["haproxy"]),
    ("nginx", &["nginx-light"]),
    ("sqlite3", &["sqlite3"]),
    ("systemd-analyze", &["systemd"]),
];

/// What the contract is tried out by is written in it.
const PYTHON: &str = "python3";

/// What checks and tests alerts.
pub(crate) const PROMTOOL: &str = "promtool";

/// The browser.
pub(crate) const CHROMIUM: &str = "chromium";

/// The package Postgres comes in, which puts its programs where no shell looks.
const POSTGRES: &str = "postgresql";

/// What Debian's packages ask whether they may start their service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Gets by apt what is missing of [`PROGRAMS`] and Postgres.
pub(crate) fn missing() -> Result<()> {
    let is_missing = |program: &str| Command::new(program).arg("--version").output().is_err();
    let missing = PROGRAMS.iter().filter(|(program, _)| is_missing(program));
    let mut packages: Vec<&str> = missing.flat_map(|(_, packages)| packages.iter().copied()).collect();
    if !Postgres::is_installed() {
        packages.push(POSTGRES);
    }
    if packages.is_empty() {
        return Ok(());
    }
    let _no_service = NoService::is_started()?;
    apt_get(&["update", "-q"])?;
    apt_get(&[&["install", "-q", "-y", "--no-install-recommends"], packages.as_slice()].concat())
}

/// What it says goes to stderr: stdout is for what a task answers.
fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    tell_and_run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::io::stderr()))
}

/// cargo-deny, installed below `target` if it is not there yet.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/tools");
    let program = home.join("bin/cargo-deny");
    if !program.exists() {
        let home = home.to_str().context("the workspace's path is not UTF-8")?;
        run(root, "cargo", &["install", "--locked", "--quiet", "--root", home, "--version", CARGO_DENY, "cargo-deny"])?;
    }
    Ok(program)
}

/// The folder of the programs that know the service by its contract alone, installed below `target` if they are not there yet.
pub(crate) fn python_programs(root: &Path) -> Result<PathBuf> {
    let wanted = root.join("apps/otp-server/tests/contract/requirements.txt");
    let home = root.join("target/tools/python");
    let installed = home.join("requirements.txt");
    let programs = home.join("bin");
    if fs::read(&wanted)? != fs::read(&installed).unwrap_or_default() {
        let home = home.to_str().context("the workspace's path is not UTF-8")?;
        run(root, PYTHON, &["-m", "venv", "--clear", home])?;
        let list = wanted.to_str().context("the workspace's path is not UTF-8")?;
        run(root, programs.join("pip"), &["install", "--quiet", "--requirement", list])?;
        // Last, so that an installation that broke off is made anew.
        fs::copy(&wanted, &installed)?;
    }
    Ok(programs)
}

/// While it lives, packages that are installed start no service: the tests have servers of their own.
struct NoService {
    is_ours: bool,
}

impl NoService {
    fn is_started() -> Result<Self> {
        let is_ours = !Path::new(POLICY).exists();
        if is_ours {
            fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(|| format!("{POLICY} cannot be written"))?;
            fs::set_permissions(POLICY, Permissions::from_mode(0o755))?;
        }
        Ok(Self { is_ours })
    }
}

impl Drop for NoService {
    fn drop(&mut self) {
        if self.is_ours && fs::remove_file(POLICY).is_err() {
            eprintln!("{POLICY} keeps services from being started: remove it");
        }
    }
}
