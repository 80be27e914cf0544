//! The body as octets: how long it may be and what it must be sent as.

use std::time::Duration;

use axum::body::Body;
use axum::body::HttpBody;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt;

use crate::problem::{Problem, ProblemCode};

/// How long a body may take to arrive: most fit into a dozen packets.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest body that is read although it is refused, in octets. Its connection can then be kept, and a proxy that would take a
/// connection which ends in the middle of a body for a broken service hands the answer on.
const THROWN_AWAY: u64 = 1024 * 1024;

/// The whole body, of up to `max` octets.
///
/// # Errors
/// `payload_too_large`; `request_timeout` when it stalls; `invalid_json` when it breaks off.
pub(crate) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Problem> {
    let announced = body.size_hint().lower();
    if announced > max as u64 {
        // Who asks before he sends is told not to (RFC 9110, section 10.1.1).
        if announced <= THROWN_AWAY && !headers.contains_key(EXPECT) {
            // Refused all the same when it stalls.
            tokio::time::timeout(PATIENCE, throw_away(body)).await.ok();
        }
        return Err(ProblemCode::PayloadTooLarge.into());
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let read = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, max)).await;
    read.map_err(|_| ProblemCode::RequestTimeout)?.map_err(|error| {
        let source = std::error::Error::source(&error);
        let too_long = source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if too_long { ProblemCode::PayloadTooLarge.into() } else { ProblemCode::InvalidJson.into() }
    })
}

async fn throw_away(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Refuses a body that is not sent as JSON; an empty one need not say what it is.
///
/// # Errors
/// `unsupported_media_type`.
pub(super) fn refuse_other_media(headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
    if body.is_empty() || headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(is_json) {
        return Ok(());
    }
    Err(ProblemCode::UnsupportedMediaType.into())
}

/// Whether a media type is JSON in UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let utf_8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    essence.eq_ignore_ascii_case("application/json") && parts.all(utf_8)
}
