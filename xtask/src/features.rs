//! Every package by itself, with none of its features and with each of them alone. All of them together are what everything
//! else is checked with.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// Packages that are nothing without one of these features, and say so where all are missing. The others are tried beside the first.
const NEEDED: [(&str, &[&str]); 4] = [
    ("otp-server", &["sqlite", "postgres"]),
    ("otp-sql", &["sqlite", "postgres"]),
    ("otp-wire", &["sqlite", "postgres"]),
    ("otp-worker", &["postgres"]),
];

/// A package and the features it is built with.
#[derive(Debug, PartialEq, Eq)]
enum Build {
    /// These.
    With(String, Vec<String>),
    /// None, of a package that needs one of these.
    Refused(String, &'static [&'static str]),
}

/// Checks every build; the first that is not as it should be ends it.
pub(crate) fn check(root: &Path) -> Result<()> {
    let metadata = process::read(root, "cargo", &["metadata", "--format-version", "1", "--no-deps", "--locked"])?;
    for build in matrix(&serde_json::from_str(&metadata)?)? {
        match build {
            Build::With(package, features) => {
                let features = features.join(",");
                let alone = ["-p", &package, "--no-default-features", "--features", &features, "--", "-D", "warnings"];
                process::run(root, "cargo", &[&["clippy"], &alone[..]].concat())?;
            }
            Build::Refused(package, needed) => refused(root, &package, needed)?,
        }
    }
    Ok(())
}

/// A build that has to fail, and to say which features it needs.
fn refused(root: &Path, package: &str, needed: &[&str]) -> Result<()> {
    let mut build = Command::new("cargo");
    let output = build.args(["check", "-p", package, "--no-default-features"]).current_dir(root).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let told = said.lines().find(|line| line.starts_with("error: otp-") && line.contains(" needs "));
    if output.status.success() || !told.is_some_and(|line| needed.iter().all(|it| line.contains(&format!("`{it}`")))) {
        bail!("{package} with no features does not say that it needs one of {needed:?}:\n{said}");
    }
    Ok(())
}

/// Every build of every package of the workspace, but for the tasks: they run, so they were built.
fn matrix(metadata: &Value) -> Result<Vec<Build>> {
    let mut builds = Vec::new();
    let packages = metadata["packages"].as_array().context("no packages")?.iter();
    let is_task = |package: &Value| package["manifest_path"].as_str().is_some_and(|path| path.contains("/xtask/"));
    for package in packages.filter(|package| !is_task(package)) {
        let name = package["name"].as_str().context("a package without a name")?;
        let features = package["features"].as_object().context("a package without features")?;
        let features = features.keys().map(String::as_str).filter(|feature| *feature != "default");
        let needed = NEEDED.iter().find(|(package, _)| *package == name).map(|(_, needed)| *needed);
        builds.push(match needed {
            Some(needed) => Build::Refused(name.to_owned(), needed),
            None => Build::With(name.to_owned(), Vec::new()),
        });
        for feature in features {
            let beside = needed.filter(|needed| !needed.contains(&feature)).and_then(|needed| needed.first());
            let with = beside.into_iter().chain([&feature]).map(|feature| (*feature).to_owned());
            builds.push(Build::With(name.to_owned(), with.collect()));
        }
    }
    Ok(builds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_built_alone_or_beside_what_its_package_needs() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "xtask", "manifest_path": "/otp/xtask/Cargo.toml", "features": {} },
            { "name": "otp-memory", "manifest_path": "/otp/crates/otp-memory/Cargo.toml", "features": {} },
            { "name": "otp-email", "features": { "default": ["smtp"], "smtp": [] } },
            { "name": "otp-worker", "features": { "postgres": [], "redis": [] } },
        ] });
        let with = |name: &str, features: &[&str]| {
            Build::With(name.to_owned(), features.iter().map(|feature| (*feature).to_owned()).collect())
        };
        let expected = [
            with("otp-memory", &[]),
            with("otp-email", &[]),
            with("otp-email", &["smtp"]),
            Build::Refused("otp-worker".to_owned(), &["postgres"]),
            with("otp-worker", &["postgres"]),
            with("otp-worker", &["postgres", "redis"]),
        ];
        assert_eq!(matrix(&metadata).unwrap(), expected);
    }
}
