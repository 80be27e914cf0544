//! The table of features is the features there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Where the table is.
const PAGE: &str = "docs/embedding.md";

/// A package, its feature, and whether it is on by default.
type Feature<'a> = (&'a str, &'a str, bool);

/// Lists every feature that is not in the table as it is, and every line of the table that is of none.
pub(super) fn check(root: &Path, metadata: &Value, broken: &mut Vec<String>) -> Result<()> {
    let page = fs::read_to_string(root.join(PAGE)).context(PAGE)?;
    let (documented, there) = (documented(&page), features(metadata)?);
    for (package, feature, by_default) in there.difference(&documented) {
        broken.push(format!(
            "features: {PAGE} does not say of {package} that it has {feature}, by default: {by_default}"
        ));
    }
    for (package, feature, by_default) in documented.difference(&there) {
        broken.push(format!("features: {PAGE} says of {package} that it has {feature}, by default: {by_default}"));
    }
    Ok(())
}

/// The lines of the table: `| package | feature | what it brings | yes or no |`.
fn documented(page: &str) -> BTreeSet<Feature<'_>> {
    let cells = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `otp-")?.split(" | ").collect();
        let [_, feature, _, by_default] = cells.as_slice() else { return None };
        let package = &line["| `".len()..line.find("` |")?];
        let feature = feature.strip_prefix('`')?.strip_suffix('`')?;
        Some((package, feature, by_default.trim_end_matches(" |") == "yes"))
    });
    cells.collect()
}

/// Those of every package of the workspace.
fn features(metadata: &Value) -> Result<BTreeSet<Feature<'_>>> {
    let packages = metadata["packages"].as_array().context("no packages")?.iter();
    let mut features = BTreeSet::new();
    for package in packages.filter(|package| package["source"].is_null()) {
        let name = package["name"].as_str().context("a package without a name")?;
        let all = package["features"].as_object().context("a package without features")?;
        let defaults = all.get("default").and_then(Value::as_array);
        let by_default = |feature: &str| defaults.is_some_and(|defaults| defaults.iter().any(|it| it == feature));
        let own = all.keys().filter(|feature| *feature != "default");
        features.extend(own.map(|feature| (name, feature.as_str(), by_default(feature))));
    }
    Ok(features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_the_features_it_speaks_of() {
        let page = "| crate | feature | brings | by default |\n|---|---|---|---|\n| `otp-a` | `x` | this | yes |\n\
                    | `otp-a` | `y` | that | no |\n| `otp-b` row of another table |\n";
        let metadata = serde_json::json!({ "packages": [
            { "name": "otp-a", "source": null, "features": { "default": ["x"], "x": [], "y": [] } },
            { "name": "else", "source": "registry", "features": { "z": [] } },
        ] });
        let expected = BTreeSet::from([("otp-a", "x", true), ("otp-a", "y", false)]);
        assert_eq!(documented(page), expected);
        assert_eq!(features(&metadata).unwrap(), expected);
    }
}
