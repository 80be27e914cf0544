//! What is measured is described, and what alerts, dashboard and documentation speak of is measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Where every measure is described.
const DESCRIBED: &str = "crates/otp-wire/src/process/measures/described.rs";
/// Where measures are documented.
const DOCUMENTED: &str = "docs/deploying.md";
/// What speaks of measures.
const NAMED: [&str; 3] =
    ["docs/operations/alerts.yml", "docs/operations/alerts_test.yml", "docs/operations/dashboard.json"];
/// What the names of measures begin with.
const PREFIXES: [&str; 2] = ["otp_", "http_server_"];
/// What Prometheus adds to the name of a histogram.
const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];
/// What counts.
const MACROS: [&str; 3] = ["counter!(", "gauge!(", "histogram!("];

/// Lists every measure that is counted, described, documented or named and not all that it should be.
pub(super) fn check<'a>(root: &Path, tracked: impl Iterator<Item = &'a str>, broken: &mut Vec<String>) -> Result<()> {
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    let described_in = read(DESCRIBED)?;
    let described: BTreeSet<&str> = quoted_after(&described_in, "name: ").collect();
    let mut counted = BTreeSet::new();
    for path in tracked.filter(|path| path.ends_with(".rs") && path.contains("/src/") && !path.starts_with("xtask")) {
        let text = read(path)?;
        let names = MACROS.iter().flat_map(|macro_| quoted_after(&text, macro_));
        counted.extend(names.map(str::to_owned));
    }
    for name in &counted {
        if !described.contains(name.as_str()) {
            broken.push(format!("measures: {name} is counted and not described in {DESCRIBED}"));
        }
    }
    let documented = read(DOCUMENTED)?;
    for name in &described {
        if !counted.contains(*name) {
            broken.push(format!("measures: {name} is described in {DESCRIBED} and counted nowhere"));
        }
        if !documented.contains(&format!("`{name}`")) {
            broken.push(format!("measures: {DOCUMENTED} does not say what {name} is"));
        }
    }
    for path in NAMED {
        let text = read(path)?;
        for name in names(&text).filter(|name| !described.contains(without_part(name)) && !described.contains(name)) {
            broken.push(format!("measures: {path} names {name}, which is not measured"));
        }
    }
    Ok(())
}

/// The texts in quotes that stand in `text` right behind `before`, or on the line below it.
fn quoted_after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"')).map(|it| it.0)
}

/// The names of measures in `text`, each once.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let names: BTreeSet<&str> = words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix))).collect();
    names.into_iter()
}

fn without_part(name: &str) -> &str {
    PARTS.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are_counted_and_where_they_are_spoken_of() {
        let source =
            "counter!(\"otp_a_total\", \"outcome\" => \"x\"); histogram!(\n    \"otp_b_seconds\"); gauge!(name)";
        let counted: Vec<&str> = MACROS.iter().flat_map(|macro_| quoted_after(source, macro_)).collect();
        assert_eq!(counted, ["otp_a_total", "otp_b_seconds"]);
        let expr = "sum by (le) (rate(otp_b_seconds_bucket{http_route=\"/x\"}[5m])) > rate(otp_a_total[1h])";
        assert_eq!(names(expr).collect::<Vec<_>>(), ["otp_a_total", "otp_b_seconds_bucket"]);
        assert_eq!(without_part("otp_b_seconds_bucket"), "otp_b_seconds");
    }
}
