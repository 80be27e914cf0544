//! A copy of the working tree, to make mistakes in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// A copy of every file git knows, or would if it were added, as it is now.
pub(super) struct Tree {
    pub(super) root: PathBuf,
}

impl Tree {
    /// Brings the copy at `copy` up to date. What has not changed is not written, so that cargo does not
    /// build it again.
    pub(super) fn copy(of: &Path, copy: PathBuf) -> Result<Self> {
        let known = process::read(of, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        // One that is deleted and not yet committed so is still listed.
        let known: BTreeSet<&Path> =
            known.split_terminator('\0').map(Path::new).filter(|path| of.join(path).is_file()).collect();
        let tree = Self { root: copy };
        fs::create_dir_all(&tree.root)?;
        tree.remove_all_but(&known, &tree.root)?;
        for path in known {
            let text = fs::read(of.join(path))?;
            if fs::read(tree.root.join(path)).ok().as_ref() != Some(&text) {
                tree.write(path, &text)?;
            }
        }
        Ok(tree)
    }

    /// Writes a file, and with it the time by which cargo sees that it changed.
    pub(super) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Result<()> {
        let path = self.root.join(path);
        let folder = path.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// The text of a file.
    pub(super) fn read(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = self.root.join(path);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    fn remove_all_but(&self, known: &BTreeSet<&Path>, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                self.remove_all_but(known, &path)?;
            } else if !known.contains(path.strip_prefix(&self.root)?) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
