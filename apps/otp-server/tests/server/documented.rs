//! What the documentation says to type, and the files beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

use otp_testbed::stores::shared;

/// The pages with commands in them.
pub(crate) const PAGES: [&str; 4] = [
    include_str!("../../../../README.md"),
    include_str!("../../../../docs/ARCHITECTURE.md"),
    include_str!("../../../../docs/deploying.md"),
    include_str!("../../../../docs/embedding.md"),
];

/// The page about deploying.
pub(crate) const DEPLOYING: &str = PAGES[2];

/// The folder with the files it speaks of.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/deploying").canonicalize().unwrap()
}

/// One of them.
pub(crate) fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// The blocks of shell commands in `page`.
pub(crate) fn blocks(page: &str) -> impl Iterator<Item = &str> {
    blocks_of("sh", page)
}

/// The blocks of `language` in `page`.
pub(crate) fn blocks_of<'a>(language: &str, page: &'a str) -> impl Iterator<Item = &'a str> {
    let blocks: Vec<_> = page.split(&format!("\n```{language}\n")).skip(1).collect();
    blocks.into_iter().map(|rest| rest.split("\n```").next().unwrap())
}

/// The part of `page` under `heading`, up to the next of that depth.
pub(crate) fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let depth = heading.split(' ').next().unwrap();
    rest.split(&format!("\n{depth} ")).next().unwrap()
}

/// Nothing, unless there is the command line of the embedded database.
pub(crate) fn sqlite3() -> Option<()> {
    static TOLD: Once = Once::new();
    shared::installed("sqlite3", "--version", &TOLD)
}

/// `text` with each of `changes` made, all of which have to be to something there.
pub(crate) fn adapted(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "this does not say {old:?}:\n{text}");
        text.replace(old, new)
    })
}

/// Runs shell commands, which have to succeed.
pub(crate) fn shell(commands: &str, environment: &[(&str, &str)]) -> Output {
    let output = Command::new("sh").args(["-euc", commands]).envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
