//! One-time codes: derived when mailed, derived again when checked, stored nowhere.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::challenge::Challenge;
use crate::fault::Res;
use crate::keys::{Keyring, MacKey};

/// Digits in a code unless the tenant says otherwise.
pub const DEFAULT_LENGTH: u8 = 9;
/// Fewest and most digits a code may have.
pub const LENGTHS: std::ops::RangeInclusive<u8> = 6..=12;

/// Where codes of test mode come from, as many digits as the longest has.
const TEST_DIGITS: &str = "424242424242";

/// A one-time code: decimal digits, leading zeros kept. Redacted by `Debug`.
#[derive(Clone)]
pub struct Code(String);

/// The text holds no code of any length we issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is made of digits alone")]
pub struct InvalidCode;

impl Code {
    /// The code of `challenge`: every value of its length equally likely to who has no key. Whoever
    /// has the keys can make any code; the domain does so to mail one and to check one.
    ///
    /// # Errors
    /// `Misconfigured` when the pepper it was issued under is not at hand.
    pub fn derive(challenge: &Challenge, keys: &Keyring) -> Res<Self> {
        let pepper = keys.pepper(challenge.kid)?;
        let parts: [&[u8]; 4] = [
            &challenge.realm.to_bytes(),
            &challenge.id.to_bytes(),
            challenge.purpose.as_str().as_bytes(),
            challenge.address_key.as_bytes(),
        ];
        Ok(Self::uniform(pepper, &parts, challenge.code_length))
    }

    /// The code of every challenge in test mode: `chosen`, if it is as long as the challenge's code, else the
    /// first digits of a number anybody remembers.
    pub fn of_test(challenge: &Challenge, chosen: Option<&str>) -> Self {
        let length = usize::from(challenge.code_length);
        let chosen = chosen.filter(|code| code.len() == length);
        chosen.map_or_else(|| Self::sample(challenge.code_length), |code| Self(code.to_owned()))
    }

    /// A code to show that is nobody's.
    pub(crate) fn sample(length: u8) -> Self {
        Self(TEST_DIGITS.chars().take(usize::from(length)).collect())
    }

    /// Digits by rejection: a 64-bit draw above the largest multiple of `10^length` is thrown away,
    /// since folding it in would favour small codes.
    fn uniform(key: &MacKey, parts: &[&[u8]], length: u8) -> Self {
        let modulus = 10u64.pow(u32::from(length));
        let limit = u64::MAX - u64::MAX % modulus;
        let mut round = 0u32;
        loop {
            let counter = round.to_be_bytes();
            let block = key.mac(&[parts, &[counter.as_slice()]].concat());
            for draw in block.chunks_exact(8) {
                let draw = draw.iter().fold(0, |value, octet| value << 8 | u64::from(*octet));
                if draw < limit {
                    return Self(format!("{:0width$}", draw % modulus, width = usize::from(length)));
                }
            }
            round = round.wrapping_add(1);
        }
    }

    /// Reads what a person typed: spaces and dashes dropped, digits of any script taken for theirs.
    ///
    /// # Errors
    /// [`InvalidCode`] when something else is in it, or too few or too many digits for any code.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let mut digits = String::with_capacity(12);
        for c in text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)) {
            let value = decimal_value(c).ok_or(InvalidCode)?;
            if digits.len() == usize::from(*LENGTHS.end()) {
                return Err(InvalidCode);
            }
            digits.push(char::from(b'0' + value));
        }
        if digits.len() < usize::from(*LENGTHS.start()) { Err(InvalidCode) } else { Ok(Self(digits)) }
    }

    /// How many digits it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a code has at least six digits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its digits: for the mail that carries it, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in time that depends on their lengths alone.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl std::str::FromStr for Code {
    type Err = InvalidCode;
    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        Self::parse(text)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// The value of a decimal digit (Unicode general category Nd). The standard library has no table
/// of them; these are the zeros of Unicode 14, each followed by its nine digits.
fn decimal_value(c: char) -> Option<u8> {
    const ZEROS: [u32; 61] = [
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
        0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
        0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
        0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
        0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
    ];
    const MATHEMATICAL: std::ops::RangeInclusive<u32> = 0x1d7ce..=0x1d7ff;
    let point = u32::from(c);
    let value = if MATHEMATICAL.contains(&point) {
        (point - MATHEMATICAL.start()) % 10
    } else {
        let zero = ZEROS.iter().rev().find(|zero| **zero <= point)?;
        point - zero
    };
    u8::try_from(value).ok().filter(|value| *value < 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn read_as_typed() {
        let read = |text| Code::parse(text).ok().map(|code| code.expose().to_owned());
        assert_eq!(read(" 012 345-678 ").as_deref(), Some("012345678"));
        assert_eq!(read("٠١٢٣٤٥٦٧٨").as_deref(), Some("012345678"));
        assert_eq!(read("０１２–３４５–６７８").as_deref(), Some("012345678"));
        assert_eq!(read("𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖").as_deref(), Some("012345678"));
        for text in ["", "12345", "1234567890123", "12345678a", "१२३४५६७८½", "²²²²²²²²²"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(format!("{:?}", Code::parse("012345678")), "Ok(Code(…))");
    }

    /// Pearson's statistic of `counts` against equal shares.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn every_digit_in_every_place_and_every_residue_is_as_likely() {
        let key = MacKey::new(b"a key of this test");
        let mut places = [[0u32; 10]; 9];
        let mut residues = [0u32; 512];
        for n in 0u32..51_200 {
            let code = Code::uniform(&key, &[&n.to_be_bytes()], 9);
            for (place, digit) in places.iter_mut().zip(code.expose().bytes()) {
                place[usize::from(digit - b'0')] += 1;
            }
            residues[code.expose().parse::<usize>().unwrap() % 512] += 1;
        }
        // The inputs are fixed, so these never flake; the bounds are far beyond the 0.999 quantiles
        // of 9 and 511 degrees of freedom (27.9 and 613).
        for place in places {
            assert!(chi_square(&place) < 35.0, "{place:?}");
        }
        assert!(chi_square(&residues) < 650.0);
    }

    proptest! {
        #[test]
        fn codes_have_their_length(seed: u64, length in 6u8..=12) {
            let code = Code::uniform(&MacKey::new(b"k"), &[&seed.to_be_bytes()], length);
            prop_assert_eq!(code.len(), usize::from(length));
            prop_assert!(Code::parse(code.expose()).unwrap().matches(&code));
        }

        #[test]
        fn reading_is_total(text in "\\PC{0,40}") {
            if let Ok(code) = Code::parse(&text) {
                prop_assert!(code.expose().bytes().all(|octet| octet.is_ascii_digit()));
            }
        }
    }
}
