//! Code that a page shows is code of an example, which the tests run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What the README shows whole.
const FIRST: &str = "crates/otp-core/examples/embed.rs";
/// The page that shows pieces.
const PAGE: &str = "docs/embedding.md";
/// What they are pieces of.
const EXAMPLES: [&str; 4] = [
    FIRST,
    "crates/otp-http/examples/nested.rs",
    "crates/otp-redis/examples/redis_alone.rs",
    "crates/otp-sql/examples/durable.rs",
];

/// Lists what is shown and not so in an example.
pub(super) fn check(root: &Path, broken: &mut Vec<String>) -> Result<()> {
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    if !read("README.md")?.contains(&read(FIRST)?) {
        broken.push(format!("examples: README.md does not show {FIRST} as it is"));
    }
    let examples = EXAMPLES.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    for piece in pieces(&read(PAGE)?).filter(|piece| !examples.iter().any(|example| stands_in(piece, example))) {
        broken.push(format!("examples: {PAGE} shows what is in no example as it is:\n{piece}"));
    }
    Ok(())
}

/// The Rust that `page` shows.
fn pieces(page: &str) -> impl Iterator<Item = &str> {
    page.split("\n```rust\n").skip(1).filter_map(|rest| rest.split_once("\n```")).map(|(piece, _)| piece)
}

/// Whether the lines of `piece` follow each other in `example`, however deep they are there.
fn stands_in(piece: &str, example: &str) -> bool {
    let lines = |text: &str| text.lines().map(str::trim).fold("\n".to_owned(), |all, line| all + line + "\n");
    lines(example).contains(&lines(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_stands_in_an_example_line_by_line() {
        let page = "text\n```rust\nlet a = 1;\n    b(a);\n```\nmore\n```sh\nno\n```\n";
        let pieces: Vec<&str> = pieces(page).collect();
        assert_eq!(pieces, ["let a = 1;\n    b(a);"]);
        assert!(stands_in(pieces[0], "fn f() {\n    let a = 1;\n        b(a);\n}\n"));
        assert!(!stands_in(pieces[0], "let a = 1;\nlet c = 2;\nb(a);"));
        assert!(!stands_in("a = 1;", "let a = 1;"));
    }
}
