//! Calls and what they were answered, one of each operation. A test makes them anew and compares.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// A call that was made.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Example {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) body: Option<Value>,
    pub(crate) status: u16,
    /// What came back; of what is not JSON nothing is kept.
    #[serde(default)]
    pub(crate) answer: Option<Value>,
}

static EXAMPLES: LazyLock<BTreeMap<String, Example>> = LazyLock::new(|| {
    // The file is written by a test, which reads it back by this same type.
    serde_json::from_str(include_str!("examples.json")).unwrap_or_default()
});

/// That of the operation `id`.
pub(crate) fn of(id: &str) -> Option<&'static Example> {
    EXAMPLES.get(id)
}
