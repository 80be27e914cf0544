//! `cargo xtask test`: everything a change has to pass, the quickest first.

use std::path::Path;

use anyhow::Result;

use crate::{tidy, tools};

/// Runs every check; the first that fails ends it.
pub(crate) fn all(root: &Path) -> Result<()> {
    tools::install_missing(root)?;
    tools::run(root, "cargo", &["fmt", "--all", "--check"])?;
    tidy::check(root)?;
    tools::run(root, "cargo", &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])?;
    tools::run(root, "cargo", &["test", "--workspace", "--all-features"])?;
    let deny = tools::cargo_deny(root)?;
    tools::run(root, deny, &["--all-features", "check", "bans", "licenses", "sources"])?;
    eprintln!("\nall checks passed");
    Ok(())
}
