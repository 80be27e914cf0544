//! Base 62 (`0-9A-Za-z`, most significant digit first): the text form of ids and keys.

/// The digits, in order of value.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Digits that fit into 64 bits together.
const CHUNK: usize = 10;

/// `value` as exactly `N` digits, padded with `0`; digits above `62^N` are cut off.
pub(crate) fn encode<const N: usize>(mut value: u128) -> [u8; N] {
    const IN_CHUNK: u128 = 62u128.pow(CHUNK as u32);
    let mut digits = [b'0'; N];
    // Ids are written out many times a call. Most divisions are of half the width, and much quicker so.
    for chunk in digits.rchunks_mut(CHUNK) {
        let mut low = (value % IN_CHUNK) as u64;
        value /= IN_CHUNK;
        for digit in chunk.iter_mut().rev() {
            *digit = ALPHABET[(low % 62) as usize];
            low /= 62;
        }
    }
    digits
}

/// The value of `digits`, or nothing if one is no digit or the value does not fit.
pub(crate) fn decode(digits: &str) -> Option<u128> {
    digits.bytes().try_fold(0u128, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(u128::from(digit))
    })
}

/// The digit of a value below 62.
pub(crate) fn digit(value: u8) -> Option<char> {
    ALPHABET.get(usize::from(value)).map(|digit| char::from(*digit))
}
