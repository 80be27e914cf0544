//! Success answers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use otp_core::time::Timestamp;
use serde::{Serialize, Serializer};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What a handler answers.
pub(crate) type Answer = Result<Response, crate::problem::Problem>;

/// 200 with `"success": true` and the members of `body`.
pub(crate) fn ok(body: impl Serialize) -> Response {
    reply(StatusCode::OK, body)
}

/// 201 with `"success": true` and the members of `body`.
pub(crate) fn created(body: impl Serialize) -> Response {
    reply(StatusCode::CREATED, body)
}

fn reply(status: StatusCode, body: impl Serialize) -> Response {
    #[derive(Serialize)]
    struct Success<T> {
        success: bool,
        #[serde(flatten)]
        body: T,
    }
    (status, Json(Success { success: true, body })).into_response()
}

/// Says of `response` that it repeats the answer of an earlier call.
pub(crate) fn mark_replayed(response: &mut Response) {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
}

/// The same of one that may be absent.
pub(crate) fn rfc_3339_or_null<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc_3339(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// A point in time as it is written in answers: RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc_3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
