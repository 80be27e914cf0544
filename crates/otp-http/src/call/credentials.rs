//! The credentials a call carries in its headers.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

const API_KEY: HeaderName = HeaderName::from_static("x-otp-api-key");

/// A credential as it was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent<'h> {
    /// Not at all.
    Nothing,
    /// As this text; nothing is proven by it.
    Text(&'h str),
    /// Twice, as two different ones, or not in ASCII: nothing that could be good.
    Unreadable,
}

/// What was sent of each kind.
pub(super) struct Credentials<'h> {
    /// The API key, in its own header or as bearer.
    pub(super) key: Sent<'h>,
    /// The user's token, as bearer.
    pub(super) token: Sent<'h>,
}

impl<'h> Credentials<'h> {
    /// Those of `headers`.
    pub(super) fn of(headers: &'h HeaderMap) -> Self {
        let key = single(headers, &API_KEY);
        match single(headers, &AUTHORIZATION) {
            Sent::Nothing => Self { key, token: Sent::Nothing },
            Sent::Text(authorization) => match bearer(authorization) {
                Some(text) if is_key(text) => Self { key: either(key, text), token: Sent::Nothing },
                Some(text) => Self { key, token: Sent::Text(text) },
                None => Self { key, token: Sent::Unreadable },
            },
            Sent::Unreadable => Self { key, token: Sent::Unreadable },
        }
    }
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Sent<'h> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Sent::Nothing,
        (Some(value), None) => value.to_str().map_or(Sent::Unreadable, |text| Sent::Text(text.trim())),
        (Some(_), Some(_)) => Sent::Unreadable,
    }
}

/// What stands behind `Bearer` (RFC 6750, section 2.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, text) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}

/// Whether a bearer is a key rather than a token. Tokens have dots.
fn is_key(text: &str) -> bool {
    text.starts_with("otp_") && !text.contains('.')
}

/// The key sent as bearer and, perhaps, in its own header too.
fn either<'h>(key: Sent<'h>, bearer: &'h str) -> Sent<'h> {
    if key == Sent::Nothing || key == Sent::Text(bearer) { Sent::Text(bearer) } else { Sent::Unreadable }
}
