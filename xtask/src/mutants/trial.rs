//! What the tests say of the tree as it stands.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::finish;

/// How long tests may run. A mutant that makes them wait for ever is found out, too.
const LIMIT: Duration = Duration::from_secs(120);

/// How tests ended.
pub(super) enum Verdict {
    Passed,
    /// What failed, if it says so.
    Failed(String),
}

/// Where and with what the tests of a tree are built and run: as those of the workspace, so that what
/// is built of other people's crates serves for both.
pub(super) struct Trial<'a> {
    pub(super) tree: &'a Path,
    pub(super) build: &'a Path,
    pub(super) log: PathBuf,
    pub(super) environment: Vec<(&'static str, String)>,
}

impl Trial<'_> {
    /// Builds the tests of `target` and runs those with one of `filters` in their names; fails if they
    /// do not compile or there are none.
    pub(super) fn run(&self, target: &str, filters: &[&str]) -> Result<Verdict> {
        let (said, built) = self.cargo(target, &["--no-run"], None)?;
        if built != Some(true) {
            bail!("does not compile:\n{said}");
        }
        let (said, passed) = self.cargo(target, &[&["--"], filters].concat(), Some(LIMIT))?;
        if !said.lines().any(|line| line.starts_with("running ") && line != "running 0 tests") {
            bail!("no test of {target} has {filters:?} in its name");
        }
        Ok(match passed {
            Some(true) => Verdict::Passed,
            Some(false) => Verdict::Failed(first_failed(&said).unwrap_or("they broke down").to_owned()),
            None => Verdict::Failed("they did not end".to_owned()),
        })
    }

    /// What `cargo test` wrote, and whether it succeeded; neither, if it did not end in time.
    fn cargo(&self, target: &str, more: &[&str], limit: Option<Duration>) -> Result<(String, Option<bool>)> {
        let written = File::create(&self.log).with_context(|| self.log.display().to_string())?;
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--workspace", "--all-features", "--test", target]).args(more);
        cargo.current_dir(self.tree).env("CARGO_TARGET_DIR", self.build).envs(self.environment.iter().cloned());
        let ended = finish(cargo.stdout(written.try_clone()?).stderr(written), limit)?;
        Ok((fs::read_to_string(&self.log)?, ended.map(|status| status.success())))
    }
}

/// The name in `test NAME ... FAILED`.
fn first_failed(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
}
