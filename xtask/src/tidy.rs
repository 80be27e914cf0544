//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that a compiler does not know.

mod examples;
mod features;
mod measures;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// What otp-core's dependency closure must not hold (pure-core): runtimes, sockets, databases, servers.
const IMPURE: [&str; 12] = [
    "async-std",
    "axum",
    "hickory-resolver",
    "hyper",
    "lettre",
    "mio",
    "redis",
    "reqwest",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
];
/// What each crate may import of the others (one-way), outside of its tests.
const IMPORTS: [(&str, &[&str]); 13] = [
    ("otp-bench", &["otp-core", "otp-sql", "otp-testbed"]),
    ("otp-core", &[]),
    ("otp-email", &["otp-core"]),
    ("otp-http", &["otp-core"]),
    ("otp-memory", &["otp-core"]),
    ("otp-redis", &["otp-core"]),
    ("otp-server", &["otp-core", "otp-http", "otp-wire"]),
    ("otp-sql", &["otp-core"]),
    ("otp-testbed", &["otp-testkit"]),
    ("otp-testkit", &["otp-core"]),
    ("otp-wire", &["otp-core", "otp-email", "otp-redis", "otp-sql"]),
    ("otp-worker", &["otp-core", "otp-wire"]),
    ("xtask", &["otp-testbed"]),
];

/// Checks every rule and lists everything that breaks one.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut broken = Vec::new();
    let metadata = process::read(root, "cargo", &["metadata", "--format-version", "1", "--all-features", "--locked"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    pure_core(&metadata, &mut broken)?;
    one_way(&metadata, &mut broken)?;
    let tracked = process::read(root, "git", &["ls-files"])?;
    module_docs(root, tracked.lines(), &mut broken)?;
    examples::check(root, &mut broken)?;
    features::check(root, &metadata, &mut broken)?;
    true_architecture(root, tracked.lines(), &mut broken)?;
    measures::check(root, tracked.lines(), &mut broken)?;
    if broken.is_empty() {
        return Ok(());
    }
    bail!("tidy:\n  {}", broken.join("\n  "))
}

/// pure-core: nothing below otp-core opens a socket, runs a task or speaks to a database.
fn pure_core(metadata: &Value, broken: &mut Vec<String>) -> Result<()> {
    let nodes = metadata["resolve"]["nodes"].as_array().context("no resolve graph")?;
    let normal: BTreeMap<&str, Vec<&str>> = nodes.iter().filter_map(normal_dependencies).collect();
    let names: BTreeMap<&str, &str> =
        packages(metadata)?.filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?))).collect();
    let core = names.iter().find(|(_, name)| **name == "otp-core").map(|(id, _)| *id).context("no otp-core")?;
    let (mut open, mut seen) = (vec![core], BTreeSet::new());
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(normal.get(id).into_iter().flatten());
        }
    }
    for id in seen {
        let name = names.get(id).copied().unwrap_or_default();
        if IMPURE.contains(&name) {
            broken.push(format!("pure-core: otp-core depends on {name}"));
        }
    }
    Ok(())
}

/// A node of the resolve graph with the nodes it is built from, tests left out.
fn normal_dependencies(node: &Value) -> Option<(&str, Vec<&str>)> {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    let dependencies =
        node["deps"].as_array()?.iter().filter(is_normal).filter_map(|dependency| dependency["pkg"].as_str());
    Some((node["id"].as_str()?, dependencies.collect()))
}

/// one-way: crates point to otp-core, adapters never at each other.
fn one_way(metadata: &Value, broken: &mut Vec<String>) -> Result<()> {
    for package in packages(metadata)?.filter(|package| package["source"].is_null()) {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = IMPORTS.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("one-way: {name} is not in the list of crates and what they may import"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let imported = dependency["name"].as_str().unwrap_or_default();
            let ours = dependency["path"].is_string() && dependency["kind"].is_null();
            if ours && !allowed.contains(&imported) {
                broken.push(format!("one-way: {name} imports {imported}"));
            }
        }
    }
    Ok(())
}

fn packages(metadata: &Value) -> Result<impl Iterator<Item = &Value>> {
    Ok(metadata["packages"].as_array().context("no packages")?.iter())
}

/// Every source file says in its first line what it is.
fn module_docs<'a>(root: &Path, tracked: impl Iterator<Item = &'a str>, broken: &mut Vec<String>) -> Result<()> {
    for path in tracked.filter(|path| path.ends_with(".rs") && !path.contains("/examples/")) {
        let text = fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
        if !text.starts_with("//! ") {
            broken.push(format!("module docs: {path} does not begin with a line that says what it is"));
        }
    }
    Ok(())
}

/// ARCHITECTURE.md names the test that holds each invariant, and that test exists.
fn true_architecture<'a>(root: &Path, tracked: impl Iterator<Item = &'a str>, broken: &mut Vec<String>) -> Result<()> {
    let page = fs::read_to_string(root.join("docs/ARCHITECTURE.md"))?;
    let invariants = section(&page, "Invariants").context("ARCHITECTURE.md has no section Invariants")?;
    let mut missing: BTreeSet<&str> = tests_named(invariants).collect();
    if missing.is_empty() {
        broken.push("true architecture: no invariant of docs/ARCHITECTURE.md names a test".to_owned());
    }
    for path in tracked.filter(|path| path.ends_with(".rs")) {
        let text = fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
        missing.retain(|test| !text.contains(&format!("fn {test}(")));
    }
    broken.extend(
        missing
            .into_iter()
            .map(|test| format!("true architecture: docs/ARCHITECTURE.md names {test}, and no function is called so")),
    );
    Ok(())
}

/// What stands in `page` under the heading `name`, up to the next.
fn section<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n## {name}\n"))?;
    Some(rest.split_once("\n## ").map_or(rest, |(section, _)| section))
}

/// The names of tests in backticks: snake case of more than one word, which nothing else there is.
fn tests_named(text: &str) -> impl Iterator<Item = &str> {
    let is_test =
        |word: &&str| word.contains('_') && word.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    text.split('`').skip(1).step_by(2).filter(is_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_by_their_names_in_their_section() {
        let page = "# A\n\n## Invariants\n\n- **x** \u{2013} `Otp::check`, `now`: `it_holds`, `and\nso`. `it_holds_2`\n\n## Else\n\n`not_here`\n";
        let named: Vec<&str> = tests_named(section(page, "Invariants").unwrap()).collect();
        assert_eq!(named, ["it_holds", "it_holds_2"]);
        assert_eq!(section(page, "Nothing"), None);
    }
}
