//! What things are called in Redis.

use otp_core::limit::LimitKey;

/// The key of a limit's log: the tenant first, in braces.
pub(crate) fn limit(prefix: &str, key: &LimitKey) -> Vec<u8> {
    let (realm, rule) = (key.realm, key.rule.as_str());
    let name = format!("{prefix}{{{}}}_{}:limit:{rule}:", realm.tenant, realm.mode.as_str());
    [name.as_bytes(), key.subject.as_bytes()].concat()
}
