//! The languages the service writes in.

use serde::{Deserialize, Serialize};

/// A language there are texts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

impl Locale {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::En, Self::De, Self::Fr, Self::Es];

    /// The language of a tag (RFC 5646) whose primary subtag is one of ours: `es-MX` reads as `es`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "de" => Some(Self::De),
            "fr" => Some(Self::Fr),
            "es" => Some(Self::Es),
            _ => None,
        }
    }

    /// The best of ours for an `Accept-Language` header (RFC 9110, section 12.5.4).
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best = None;
        for part in header.split(',') {
            let mut pieces = part.split(';');
            let locale = pieces.next().and_then(|tag| Self::from_tag(tag.trim()));
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())
                .unwrap_or(0.0);
            if let Some(locale) = locale
                && weight > best.map_or(0.0, |(_, heaviest)| heaviest)
            {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    /// The primary language subtag.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_known_language_wins() {
        let pick = Locale::from_accept_language;
        assert_eq!(pick("es-MX"), Some(Locale::Es));
        assert_eq!(pick("it, fr;q=0.5, de;q=0.9"), Some(Locale::De));
        assert_eq!(pick("fr, de"), Some(Locale::Fr));
        assert_eq!(pick("fr;q=0, *"), None);
        assert_eq!(pick(";;;,q="), None);
    }
}
