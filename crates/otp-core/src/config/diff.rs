//! What a change of a configuration comes to, as the audit trail tells it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{TenantConfig, pointer};

/// Longest value that is told, in characters.
const MAX_TOLD: usize = 100;
/// Members whose values are not told: secrets, and lists of end users.
const SILENT: [&str; 3] = ["/emailConfig/provider/secrets", "/blockedEmails", "/otp/testCode"];

/// Each member in which `before` and `after` differ, by its pointer, as `before → after`.
pub(crate) fn differences(before: &TenantConfig, after: &TenantConfig) -> BTreeMap<String, String> {
    let (before, after) = (leaves(before), leaves(after));
    let pointers = before.keys().chain(after.keys());
    let changed = pointers.filter(|pointer| before.get(*pointer) != after.get(*pointer));
    changed.map(|pointer| (pointer.clone(), told(pointer, before.get(pointer), after.get(pointer)))).collect()
}

fn told(pointer: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    if SILENT.iter().any(|silent| pointer.starts_with(silent)) {
        return "changed".to_owned();
    }
    let text = |value: Option<&Value>| match value {
        None => "default".to_owned(),
        Some(value) => {
            let text = value.to_string();
            if text.chars().nth(MAX_TOLD).is_none() { text } else { format!("({} octets)", text.len()) }
        }
    };
    format!("{} → {}", text(before), text(after))
}

/// Every member that holds no members, by its pointer.
fn leaves(config: &TenantConfig) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    // A configuration is made of what JSON has; were it not, nothing would be told of it.
    gather(String::new(), serde_json::to_value(config).unwrap_or_default(), &mut leaves);
    leaves
}

fn gather(at: String, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                gather(pointer(&at, &name), value, leaves);
            }
        }
        Value::Null => {}
        leaf @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            leaves.insert(at, leaf);
        }
    }
}
