//! `cargo xtask bench`: builds what is measured as it is released, and measures it.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{read, run};

/// Builds, and hands `arguments` on to the program that measures.
pub(crate) fn run_with(root: &Path, arguments: impl Iterator<Item = String>) -> Result<()> {
    run(root, "cargo", &["build", "--release", "--locked", "-p", "otp-server", "-p", "otp-bench"])?;
    let metadata = read(root, "cargo", &["metadata", "--format-version", "1", "--no-deps", "--locked"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo names no target directory")?;
    let arguments: Vec<String> = arguments.collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(root, Path::new(target).join("release/otp-bench"), &arguments)
}
