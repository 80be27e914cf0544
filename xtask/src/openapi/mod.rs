//! `cargo xtask openapi`: the committed contract, made anew, and what its newest version means for clients.

mod changes;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::tell_and_run;
use changes::{Change, changes};

/// Where the contract is kept.
const DOCUMENT: &str = "docs/openapi.json";

/// Makes it anew and tells what has changed since the last commit.
pub(crate) fn renew(root: &Path) -> Result<()> {
    let mut test = Command::new("cargo");
    test.args(["test", "--quiet", "--workspace", "--all-features", "--test", "http", "the_document_is_the_one"]);
    tell_and_run(test.current_dir(root).env("UPDATE_DOCS", "1"))?;
    tell(&committed(root, "HEAD")?, &current(root)?);
    Ok(())
}

/// Tells what the newest version means for who knows the one before.
pub(crate) fn point_out(root: &Path) -> Result<()> {
    let log = git(root, &["log", "-2", "--format=%H", "--", DOCUMENT])?;
    // Of a clone without history nothing can be said, and of the first version there is nothing to say.
    match log.lines().nth(1) {
        Some(before) => tell(&committed(root, before)?, &current(root)?),
        None => eprintln!("{DOCUMENT}: there is no earlier version here"),
    }
    Ok(())
}

fn tell(before: &Value, now: &Value) {
    let changes = changes(before, now);
    if changes.is_empty() {
        eprintln!("{DOCUMENT}: nothing has changed");
    }
    for Change { place, what, breaks } in changes {
        eprintln!("{DOCUMENT}: {}{place}: {what}", if breaks { "BREAKS CLIENTS: " } else { "" });
    }
}

fn current(root: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(root.join(DOCUMENT)).with_context(|| format!("{DOCUMENT} cannot be read"))?;
    Ok(serde_json::from_str(&text)?)
}

fn committed(root: &Path, commit: &str) -> Result<Value> {
    Ok(serde_json::from_str(&git(root, &["show", &format!("{commit}:{DOCUMENT}")])?)?)
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().context("git does not run")?;
    ensure!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
