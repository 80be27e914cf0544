//! The list of mutants: `xtask/mutants.toml`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A mistake somebody could make, and the tests that have to see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    /// What is wrong with it, in a few words.
    pub(super) name: String,
    /// What would come of it.
    pub(super) why: String,
    /// The file it changes.
    pub(super) file: String,
    edits: Vec<Edit>,
    /// Those that have to see it.
    pub(super) tests: Tests,
}

/// A piece of the file, which stands there once, and what stands there in the mutant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    find: String,
    replace: String,
}

/// Tests of one target of the workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tests {
    pub(super) target: String,
    /// A part of the names of those that are run.
    pub(super) filter: String,
}

impl Mutant {
    /// The text of its file with the mistake made; fails if the file is not as the list takes it to be.
    pub(super) fn of(&self, text: &str) -> Result<String> {
        let mut places = Vec::new();
        for Edit { find, replace } in &self.edits {
            let found: Vec<_> = text.match_indices(find.as_str()).collect();
            let [(at, _)] = found.as_slice() else {
                bail!("mutant out of date: {}: this stands {} times in {}:\n{find}", self.name, found.len(), self.file);
            };
            places.push((*at..at + find.len(), replace));
        }
        // The last first, so that the places of the others stay as they are.
        places.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        let mut mutated = text.to_owned();
        for (place, replace) in places {
            mutated.replace_range(place, replace);
        }
        if mutated == text {
            bail!("mutant without a mistake: {}", self.name);
        }
        Ok(mutated)
    }
}

/// All of them, in the order of the list.
pub(super) fn read(root: &Path) -> Result<Vec<Mutant>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        mutant: Vec<Mutant>,
    }
    let path = root.join("xtask/mutants.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let list: List = toml::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(list.mutant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(edits: &str) -> Mutant {
        let rest = "name = 'a'\nwhy = 'b'\nfile = 'c.rs'\ntests = { target = 'd', filter = 'e' }\n";
        toml::from_str(&format!("{rest}edits = {edits}")).unwrap()
    }

    #[test]
    fn every_edit_is_made_and_has_to_fit_once() {
        let both = mutant("[{ find = 'one', replace = 'two' }, { find = 'three', replace = '' }]");
        assert_eq!(both.of("one, three").unwrap(), "two, ");
        let moved = mutant("[{ find = 'one', replace = 'two' }, { find = 'two', replace = '' }]");
        assert_eq!(moved.of("one, two").unwrap(), "two, ");
        assert!(both.of("one, one, three").is_err());
        assert!(both.of("one").is_err());
        assert!(mutant("[]").of("one").is_err());
        assert!(mutant("[{ find = 'one', replace = 'one' }]").of("one").is_err());
    }
}
