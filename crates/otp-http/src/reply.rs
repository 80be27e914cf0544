//! Success answers.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderName, HeaderValue, StatusCode};
use otp_core::time::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What a handler answers.
pub(crate) type Answer = Result<Response, crate::problem::Problem>;

/// A success answer that is not sent yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reply {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    body: String,
}

impl Reply {
    /// 200 with `"success": true` and the members of `body`.
    pub(crate) fn ok(body: impl Serialize) -> Self {
        Self::of(StatusCode::OK, body)
    }

    /// 201 with `"success": true` and the members of `body`.
    pub(crate) fn created(body: impl Serialize) -> Self {
        Self::of(StatusCode::CREATED, body)
    }

    fn of(status: StatusCode, body: impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Success<T> {
            success: bool,
            #[serde(flatten)]
            body: T,
        }
        // Texts, numbers and truths always serialise; were it otherwise, the status alone still tells the truth.
        let body = serde_json::to_string(&Success { success: true, body }).unwrap_or_default();
        Self { status: status.as_u16(), etag: None, body }
    }

    /// The same of a version that `etag` names.
    pub(crate) fn tagged(self, etag: String) -> Self {
        Self { etag: Some(etag), ..self }
    }

    /// As it is remembered.
    pub(crate) fn to_remember(&self) -> Vec<u8> {
        // As above; what does not read back is told as an internal error.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From what was remembered.
    pub(crate) fn remembered(answer: &[u8]) -> Option<Self> {
        serde_json::from_slice(answer).ok()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, json, self.body).into_response();
        let etag = self.etag.and_then(|etag| HeaderValue::try_from(etag).ok());
        response.headers_mut().extend(etag.map(|etag| (ETAG, etag)));
        response
    }
}

/// 200 with `"success": true` and the members of `body`.
pub(crate) fn ok(body: impl Serialize) -> Response {
    Reply::ok(body).into_response()
}

/// 201 with `"success": true` and the members of `body`.
pub(crate) fn created(body: impl Serialize) -> Response {
    Reply::created(body).into_response()
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
