//! Email addresses: one spelling to store by, one to send to, one to limit by.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroize;

/// Longest address in octets (RFC 5321, section 4.5.3.1.3, less the brackets).
const MAX_OCTETS: usize = 254;
/// Longest local part in octets (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_OCTETS: usize = 64;
/// Symbols RFC 5322, section 3.2.3 allows in an atom.
const ATEXT_SYMBOLS: &str = "!#$%&'*+-/=?^_`{|}~";

/// The text is not one deliverable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid email address: write one address of the form name@example.org")]
pub struct InvalidEmail;

/// An end user's email address. Never shown by `Debug`; `Display` is not implemented, so that it
/// reaches a log or an error only on purpose.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    mailbox: String,
    canonical: String,
    at: usize,
}

impl EmailAddress {
    /// Reads one address: trimmed, NFC, the domain by UTS-46 to lower-case ASCII, the local part
    /// folded to lower case. At most 254 octets.
    ///
    /// # Errors
    /// [`InvalidEmail`] for anything else: quoted local parts, address literals, lists, control
    /// characters, a domain without a dot (but `localhost`).
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text: String = text.trim().nfc().collect();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let domain = canonical_domain(domain)?;
        let folded = fold(local);
        if !is_dot_atom(local) || !is_dot_atom(&folded) {
            return Err(InvalidEmail);
        }
        let address =
            Self { mailbox: format!("{local}@{domain}"), at: folded.len(), canonical: format!("{folded}@{domain}") };
        let fits = address.mailbox.len() <= MAX_OCTETS && address.canonical.len() <= MAX_OCTETS;
        if fits { Ok(address) } else { Err(InvalidEmail) }
    }

    /// The one spelling of this address: by it a user is known.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Where mail goes: as written, only trimmed and composed, its domain in ASCII. Some servers
    /// tell `Ada@` from `ada@`; RFC 5321, section 2.4 lets them.
    pub fn mailbox(&self) -> &str {
        &self.mailbox
    }

    /// The domain, lower-case ASCII.
    pub fn domain(&self) -> &str {
        &self.canonical[self.at + 1..]
    }

    /// What limits are counted by: without `+tag`, and without dots where the provider ignores
    /// them, so that one mailbox under many spellings shares one allowance.
    pub fn limit_key(&self) -> String {
        let local = &self.canonical[..self.at];
        // A tag with nothing before it is a name of its own.
        let local = local.split_once('+').map_or(local, |(name, _)| if name.is_empty() { local } else { name });
        match self.domain() {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", local.replace('.', "")),
            domain => format!("{local}@{domain}"),
        }
    }
}

fn canonical_domain(domain: &str) -> Result<String, InvalidEmail> {
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
    // The one name without a dot that is meant to be used (RFC 6761, section 6.3): development.
    if ascii == "localhost" {
        return Ok(ascii);
    }
    let last = ascii.rsplit_once('.').ok_or(InvalidEmail)?.1;
    // `ada@127.0.0.1` is an address literal without its brackets.
    if last.is_empty() || last.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(InvalidEmail);
    }
    Ok(ascii)
}

/// Lower case, composed; folded twice because composing can bring a capital back.
fn fold(local: &str) -> String {
    let once: String = local.to_lowercase().nfc().collect();
    once.to_lowercase().nfc().collect()
}

/// Dot-separated, non-empty atoms (RFC 5322, section 3.2.3), with letters and digits of any script (RFC 6531).
fn is_dot_atom(local: &str) -> bool {
    local.len() <= MAX_LOCAL_OCTETS && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

fn is_atext(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || ATEXT_SYMBOLS.contains(c)
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl serde::Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.mailbox)
    }
}

impl<'de> serde::Deserialize<'de> for EmailAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Drop for EmailAddress {
    fn drop(&mut self) {
        self.mailbox.zeroize();
        self.canonical.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        EmailAddress::parse(text).ok().map(|address| address.canonical().to_owned())
    }

    #[test]
    fn one_spelling() {
        assert_eq!(canonical(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        assert_eq!(canonical("ada@bücher.example").as_deref(), Some("ada@xn--bcher-kva.example"));
        assert_eq!(canonical("JO\u{308}RG@example.org").as_deref(), Some("j\u{f6}rg@example.org"));
        assert_eq!(canonical("root@LOCALHOST").as_deref(), Some("root@localhost"));
        assert_eq!(canonical("o'hara+x@example.org").as_deref(), Some("o'hara+x@example.org"));
    }

    #[test]
    fn mail_keeps_the_case_it_was_given() {
        let address = EmailAddress::parse("Ada.L@Example.org").unwrap();
        assert_eq!(address.mailbox(), "Ada.L@example.org");
        assert_eq!(format!("{address:?}"), "EmailAddress(…)");
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a@b@c.d",
            "a b@c.d",
            "\"a b\"@c.d",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@c..d",
            "a@.c",
            "a@c.d.",
            ".a@c.d",
            "a.@c.d",
            "a..b@c.d",
            "a@c.d,b@c.d",
            "a@c.d;b@c.d",
            "<a@c.d>",
            "a\0@c.d",
            "a\r\n@c.d",
            "a@c.d\r\nBcc: x@y.z",
            "a@-c.d",
            "a@c_d.e",
            "a\u{200b}@c.d",
            "a\u{202e}@c.d",
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(canonical(&long), None);
        let longer = format!("a@{}.example.org", vec!["b".repeat(60); 4].join("."));
        assert_eq!(canonical(&longer), None);
    }

    #[test]
    fn limits_see_one_mailbox() {
        let key = |text| EmailAddress::parse(text).unwrap().limit_key();
        assert_eq!(key("A.d.a+news@googlemail.com"), key("ada@gmail.com"));
        assert_eq!(key("ada+1@example.org"), key("ada@example.org"));
        assert_ne!(key("a.da@example.org"), key("ada@example.org"));
        assert_ne!(key("+a@example.org"), key("+b@example.org"));
    }

    proptest! {
        #[test]
        fn total_and_idempotent(text in "\\PC{0,8}@?\\PC{0,12}(\\.[a-z]{2,3})?") {
            if let Ok(once) = EmailAddress::parse(&text) {
                let twice = EmailAddress::parse(once.canonical()).unwrap();
                prop_assert_eq!(once.canonical(), twice.canonical());
                prop_assert_eq!(once.limit_key(), twice.limit_key());
                let sent = EmailAddress::parse(once.mailbox()).unwrap();
                prop_assert_eq!(once.canonical(), sent.canonical());
                prop_assert_eq!(once.mailbox(), sent.mailbox());
            }
        }

        #[test]
        fn folding_is_idempotent_for_any_letters(local in "[\\p{L}\\p{M}\\p{N}]{1,12}") {
            if let Ok(once) = EmailAddress::parse(&format!("{local}@example.org")) {
                let twice = EmailAddress::parse(once.canonical()).unwrap();
                prop_assert_eq!(once.canonical(), twice.canonical());
            }
        }

        #[test]
        fn plain_addresses_agree_with_another_parser(local in "[a-zA-Z0-9._+-]{1,20}", domain in "[a-z0-9-]{1,10}\\.[a-z]{2,6}") {
            let text = format!("{local}@{domain}");
            let theirs = email_address::EmailAddress::is_valid(&text) && !domain.contains("--");
            if theirs {
                // UTS-46 with strict hyphens refuses a label that begins or ends with one; so do they.
                prop_assert!(EmailAddress::parse(&text).is_ok());
            }
        }
    }
}
