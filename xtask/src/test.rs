//! `cargo xtask test`: everything a change has to pass, the quickest first.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{run, tell_and_run};
use crate::servers::Servers;
use crate::{features, fuzz, install, mutants, openapi, tidy};

/// Runs every check; the first that fails ends it.
pub(crate) fn all(root: &Path) -> Result<()> {
    install::missing()?;
    run(root, "cargo", &["fmt", "--all", "--check"])?;
    tidy::check(root)?;
    run(root, install::PROMTOOL, &["check", "rules", "docs/operations/alerts.yml"])?;
    run(root, install::PROMTOOL, &["test", "rules", "docs/operations/alerts_test.yml"])?;
    run(root, "cargo", &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])?;
    features::check(root)?;
    openapi::point_out(root)?;
    let servers = Servers::start(root)?;
    let mut tests = Command::new("cargo");
    tests.args(["test", "--workspace", "--all-features"]).current_dir(root).envs(servers.environment());
    tell_and_run(&mut tests)?;
    let deny = install::cargo_deny(root)?;
    run(root, deny, &["--all-features", "check", "bans", "licenses", "sources"])?;
    fuzz::briefly(root)?;
    mutants::run(root, &servers)?;
    eprintln!("\nall checks passed");
    Ok(())
}
