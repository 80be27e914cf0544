//! `cargo xtask mutants`: mistakes that the tests have to see, made one at a time in a copy of the tree.
//!
//! A test that cannot fail shows nothing. Each entry of `xtask/mutants.toml` undoes one promise; where
//! the tests named with it still pass, they do not test that promise, and the run fails.

mod list;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::install;
use crate::servers::Servers;
use list::Mutant;
use tree::Tree;
use trial::{Trial, Verdict};

/// All of it, with servers of its own.
pub(crate) fn on_its_own(root: &Path) -> Result<()> {
    install::missing()?;
    run(root, &Servers::start(root)?)
}

/// Makes every mistake of the list, with `servers` for the tests; fails if one of them is not seen.
pub(crate) fn run(root: &Path, servers: &Servers) -> Result<()> {
    let mutants = list::read(root)?;
    let tree = Tree::copy(root, root.join("target/mutants/tree"))?;
    for mutant in &mutants {
        mutant.of(&tree.read(&mutant.file)?)?;
    }
    let (build, log) = (root.join("target"), root.join("target/mutants/log"));
    let trial = Trial { tree: &tree.root, build: &build, log, environment: servers.environment().collect() };
    pass_unchanged(&mutants, &trial)?;
    let mut living = Vec::new();
    for mutant in &mutants {
        let begun = Instant::now();
        let verdict = try_one(mutant, &tree, &trial).with_context(|| format!("mutant {}", mutant.name))?;
        let (outcome, by) = match &verdict {
            Verdict::Failed(by) => ("seen by", by),
            Verdict::Passed => ("NOT SEEN by", &mutant.tests.filter),
        };
        println!("{:>4} s  {:<60} {outcome} {by}", begun.elapsed().as_secs(), mutant.name);
        if matches!(verdict, Verdict::Passed) {
            living.push(format!("{}: {}", mutant.name, mutant.why));
        }
    }
    if living.is_empty() {
        return Ok(());
    }
    bail!("mistakes that no test sees:\n  {}", living.join("\n  "))
}

/// Tests that fail without a mistake would see any.
fn pass_unchanged(mutants: &[Mutant], trial: &Trial<'_>) -> Result<()> {
    let mut filters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Mutant { tests, .. } in mutants {
        filters.entry(&tests.target).or_default().push(&tests.filter);
    }
    for (target, filters) in filters {
        eprintln!("\n> mutants: the tests of {target} without a mistake");
        if let Verdict::Failed(by) = trial.run(target, &filters)? {
            bail!("{by} of {target} fails without a mistake");
        }
    }
    Ok(())
}

/// Makes one mistake, and unmakes it whatever comes of it.
fn try_one(mutant: &Mutant, tree: &Tree, trial: &Trial<'_>) -> Result<Verdict> {
    let text = tree.read(&mutant.file)?;
    tree.write(&mutant.file, mutant.of(&text)?)?;
    let verdict = trial.run(&mutant.tests.target, &[&mutant.tests.filter]);
    tree.write(&mutant.file, text)?;
    verdict
}
