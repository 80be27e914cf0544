//! Every secret the service has told somebody in a run of tests; none of them may stand in anything it writes.
//!
//! [`Server`](super::Server), [`Home`](super::Home) and [`code`](super::code) enter what passes through them. A process's log is searched
//! when the process is dropped, its folder when its home is, for all secrets of all tests so far; whatever else the service writes to, a test hands to
//! [`assert_silent`]. What is found fails the test that is at its end. Owners' addresses stand in the database in clear: no test may take the address of
//! a user of any other for one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Members of answers that hold a secret.
const MEMBERS: [&str; 5] = ["token", "refreshToken", "csrfToken", "apiKey", "publishableKey"];
/// Of a longer secret its last octets are searched for: what stands before may be no secret, like the head of a token.
const TAIL: usize = 24;
/// The shortest that can be told from what stands there by chance.
const SHORTEST: usize = 9;
/// A search looks up so many octets at a time. No form of a secret is shorter.
const WINDOW: usize = 8;

/// What is searched for: by the first octets of each form, the form and what it is of.
#[derive(Debug)]
struct Issued {
    kinds: BTreeMap<Vec<u8>, &'static str>,
    forms: HashMap<[u8; WINDOW], Vec<(Vec<u8>, &'static str)>>,
    /// Whether any form begins with these two octets: nearly all of what is searched is passed over by it.
    begins: Vec<bool>,
}

static ISSUED: LazyLock<Mutex<Issued>> = LazyLock::new(|| {
    Mutex::new(Issued { kinds: BTreeMap::new(), forms: HashMap::new(), begins: vec![false; 1 << 16] })
});

fn issued() -> MutexGuard<'static, Issued> {
    // A test that failed while it held this has left it whole.
    ISSUED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on `secret` must not be found. Shorter ones than nine octets are passed over.
pub fn enter(kind: &'static str, secret: &str) {
    let secret = secret.as_bytes();
    let secret = &secret[secret.len().saturating_sub(TAIL)..];
    let mut issued = issued();
    if secret.len() < SHORTEST || issued.kinds.insert(secret.to_vec(), kind).is_some() {
        return;
    }
    for form in forms(secret) {
        let first: [u8; WINDOW] = form[..WINDOW].try_into().unwrap();
        issued.begins[beginning(&form)] = true;
        issued.forms.entry(first).or_default().push((form, kind));
    }
}

/// Enters what an answer holds.
pub(super) fn enter_answer(answer: &Value) {
    match answer {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| match (MEMBERS.iter().find(|is| *is == name), value) {
                (Some(kind), Value::String(secret)) => enter(kind, secret),
                _ => enter_answer(value),
            })
        }
        Value::Array(items) => items.iter().for_each(enter_answer),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Enters the address a code is for.
pub(super) fn enter_request(path: &str, body: &Value) {
    if let (true, Some(email)) = (path.starts_with("/auth/"), body["email"].as_str()) {
        enter("address", email);
        enter("address", &email.to_lowercase());
    }
}

/// Fails if any secret entered so far stands in `content`, as it is, in base64, in hexadecimal or percent-encoded.
///
/// # Panics
/// When one does. Not in a test that has failed anyway.
pub fn assert_silent(place: &str, content: &[u8]) {
    let found = {
        let issued = issued();
        let windows = content.windows(WINDOW).enumerate().filter(|(_, window)| issued.begins[beginning(window)]);
        let at = |(start, window): (usize, &[u8])| {
            let candidates = issued.forms.get(window)?;
            candidates.iter().find(|(form, _)| content[start..].starts_with(form) && is_apart(content, start, form))
        };
        windows.filter_map(at).map(|(_, kind)| *kind).next()
    };
    if let (Some(kind), false) = (found, std::thread::panicking()) {
        panic!("a secret ({kind}) stands in {place}");
    }
}

fn beginning(octets: &[u8]) -> usize {
    usize::from(octets[0]) << 8 | usize::from(octets[1])
}

/// Whether what was found is no part of a longer number: a time in microseconds holds any code in the end.
fn is_apart(content: &[u8], start: usize, form: &[u8]) -> bool {
    let is_digit = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_digit);
    let before = start.checked_sub(1).and_then(|before| content.get(before));
    !form.iter().all(u8::is_ascii_digit) || !is_digit(before) && !is_digit(content.get(start + form.len()))
}

/// Every form in which a secret is looked for.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex = |octet: &u8| format!("{octet:02x}");
    let (lower, encoded): (String, String) =
        (secret.iter().map(hex).collect(), secret.iter().map(|octet| format!("%{octet:02X}")).collect());
    let reserved = |octet: &u8| {
        let stays = octet.is_ascii_alphanumeric() || b"-_.~".contains(octet);
        if stays { (*octet as char).to_string() } else { format!("%{octet:02X}") }
    };
    let in_query: String = secret.iter().map(reserved).collect();
    let mut forms = vec![
        secret.to_vec(),
        lower.to_uppercase().into_bytes(),
        lower.into_bytes(),
        encoded.into_bytes(),
        in_query.into_bytes(),
    ];
    for before in 0..3 {
        let standard = base64(secret, before);
        forms.push(
            standard
                .iter()
                .map(|letter| match letter {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => *other,
                })
                .collect(),
        );
        forms.push(standard);
    }
    forms.sort();
    forms.dedup();
    forms
}

/// What of the base64 of a text depends on `secret` alone, with so many octets of the text `before` it.
fn base64(secret: &[u8], before: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = secret.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1)).collect();
    // The first bits that fill up a letter begun by what stands before.
    let begun = (6 - before * 8 % 6) % 6;
    let letters = bits[begun..].chunks_exact(6);
    letters.map(|bits| ALPHABET[usize::from(bits.iter().fold(0, |letter, bit| letter << 1 | bit))]).collect()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn is_found(content: &str) -> bool {
        catch_unwind(|| assert_silent("a test", content.as_bytes())).is_err()
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        enter("code", "918273645");
        // The last two: the base64 of `a918273645` and of `aa918273645aa`.
        for content in [
            "code 918273645.",
            "393138323733363435",
            "%39%31%38%32%37%33%36%34%35",
            "OTE4MjczNjQ1",
            "YTkxODI3MzY0NQ==",
            "YWE5MTgyNzM2NDVhYQ==",
        ] {
            assert!(is_found(content), "{content}");
        }
        for content in ["918273646", "1918273645", "9182736450"] {
            assert!(!is_found(content), "{content}");
        }
        enter("secret key", "fP+7qpN2m0yJk3l5Zc8dQ1u6v9xWbT4oRsA2hGeYiLw=");
        assert!(is_found("?key=fP%2B7qpN2m0yJk3l5Zc8dQ1u6v9xWbT4oRsA2hGeYiLw%3D"));
    }
}
