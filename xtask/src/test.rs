//! `cargo xtask test`: everything a change has to pass, the quickest first.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{run, tell_and_run};
use crate::servers::Servers;
use crate::{fuzz, install, mutants, tidy};

/// Features that a build may have without the others, by package. All of them together are what
/// everything else is checked with.
const ALONE: [(&str, &str); 7] = [
    ("otp-server", "postgres"),
    ("otp-server", "sqlite"),
    ("otp-sql", "postgres"),
    ("otp-sql", "sqlite"),
    ("otp-testbed", ""),
    ("otp-wire", "postgres,smtp"),
    ("otp-wire", "sqlite,smtp"),
];

/// Runs every check; the first that fails ends it.
pub(crate) fn all(root: &Path) -> Result<()> {
    install::missing()?;
    run(root, "cargo", &["fmt", "--all", "--check"])?;
    tidy::check(root)?;
    run(root, install::PROMTOOL, &["check", "rules", "docs/operations/alerts.yml"])?;
    run(root, install::PROMTOOL, &["test", "rules", "docs/operations/alerts_test.yml"])?;
    run(root, "cargo", &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])?;
    for (package, features) in ALONE {
        let alone = ["clippy", "-p", package, "--no-default-features", "--features", features, "--", "-D", "warnings"];
        run(root, "cargo", &alone)?;
    }
    let servers = Servers::start();
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
