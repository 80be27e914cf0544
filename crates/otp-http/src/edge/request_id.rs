//! The name of a request, by which log, audit trail and answer belong together.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use otp_core::port::{Entropy, EntropyExt};

/// 1 to 128 characters of `A-Za-z0-9._-`.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// Where it is sent and answered.
    pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    /// The one the caller has chosen, if it is one, else a fresh one.
    pub(super) fn accept(headers: &HeaderMap, entropy: &dyn Entropy) -> Self {
        let mut sent = headers.get_all(Self::HEADER).iter();
        match (sent.next(), sent.next()) {
            (Some(value), None) if is_id(value.as_bytes()) => Self(value.clone()),
            (None | Some(_), _) => Self::fresh(entropy),
        }
    }

    /// That of a request on its way.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_else(|| Self(HeaderValue::from_static("req_")))
    }

    fn fresh(entropy: &dyn Entropy) -> Self {
        // Names a line in a log, guards nothing: without entropy a call is still worth answering.
        let random: [u8; 15] = entropy.bytes().unwrap_or_default();
        let text = format!("req_{}", URL_SAFE_NO_PAD.encode(random));
        Self(HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("req_")))
    }

    /// Its text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn value(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_id(text: &[u8]) -> bool {
    (1..=128).contains(&text.len())
        && text.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-'))
}
