//! Programs the tasks run, and getting those that are missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The version of cargo-deny the rules of deny.toml are written for.
const CARGO_DENY: &str = "0.20.2";

/// Runs `program`, telling what is run; fails if it does.
pub(crate) fn run(root: &Path, program: impl AsRef<Path>, arguments: &[&str]) -> Result<()> {
    let program = program.as_ref();
    eprintln!("\n> {} {}", program.display(), arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("{} cannot be run", program.display()))?;
    if !status.success() {
        bail!("{} {} failed: {status}", program.display(), arguments.join(" "));
    }
    Ok(())
}

/// Runs `program` and answers what it wrote to stdout.
pub(crate) fn read(root: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .with_context(|| format!("{program} cannot be run"))?;
    if !output.status.success() {
        bail!("{program} {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Programs the build and the tests call, and the packages they come in: the embedded database is
/// compiled from C, and the README's transcript is run as it stands.
const PROGRAMS: [(&str, &[&str]); 2] = [("cc", &["gcc", "libc6-dev"]), ("curl", &["curl"])];

/// Gets by apt what of [`PROGRAMS`] is missing.
pub(crate) fn install_missing(root: &Path) -> Result<()> {
    let is_missing = |program: &str| Command::new(program).arg("--version").output().is_err();
    let missing = PROGRAMS.iter().filter(|(program, _)| is_missing(program));
    let packages: Vec<&str> = missing.flat_map(|(_, packages)| packages.iter().copied()).collect();
    if packages.is_empty() {
        return Ok(());
    }
    run(root, "apt-get", &["update", "-q"])?;
    run(root, "apt-get", &[&["install", "-q", "-y", "--no-install-recommends"], packages.as_slice()].concat())
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
