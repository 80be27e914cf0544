//! Values that are read from text.

use otp_core::api_key::ApiKey;
use otp_core::config::network as read_network;
use otp_core::email::EmailAddress;

/// What is taken for an address is taken again in its canonical form, and stays the same.
pub(crate) fn email(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(address) = EmailAddress::parse(text) else { return };
    let canonical = address.canonical();
    assert!(canonical.len() <= 254 && !canonical.contains(|c: char| c.is_control() || c.is_whitespace()));
    assert_eq!(canonical.matches('@').count(), 1);
    assert!(address.domain().is_ascii() && canonical.ends_with(address.domain()));
    let again = EmailAddress::parse(canonical).expect("a canonical address is an address");
    assert_eq!(again.canonical(), canonical);
    assert_eq!(again.limit_key(), address.limit_key());
    // Mail goes there, over a protocol of lines.
    assert!(!address.mailbox().contains(['\r', '\n', '\0']));
    EmailAddress::parse(address.mailbox()).expect("where mail goes is an address");
}

/// A key is taken to the letter: whatever differs from it, in one letter or in many, is none.
pub(crate) fn api_key(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(key) = ApiKey::parse(text) else { return };
    assert_eq!(key.expose(), text);
    for (place, letter) in text.bytes().enumerate() {
        let mut typo = text.as_bytes().to_vec();
        typo[place] = if letter == b'0' { b'1' } else { b'0' };
        let typo = String::from_utf8(typo).expect("a key is ASCII");
        assert!(ApiKey::parse(&typo).is_err(), "{typo} passes for {text}");
    }
}

/// A network reads the same as it is written.
pub(crate) fn network(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(network) = read_network(text) else { return };
    assert_eq!(read_network(&network.to_string()).ok(), Some(network));
}

/// What was made up, as far as it is text.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
