//! Pages for people: what every one of them is sent with.

use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, StatusCode};

/// The type of a page.
pub(crate) const MEDIA: &str = "text/html; charset=utf-8";

/// A page styles itself, loads nothing, and sends its form nowhere else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// `page`, answered with `status`.
pub(crate) fn page(status: StatusCode, page: impl Into<Body>) -> Response {
    let page: Body = page.into();
    (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}
