//! One span a call, for whoever traces: which route was called and how it was answered, and nothing of what a caller sent.
//!
//! The names are those of OpenTelemetry. Spans have a target of their own, below every level that is logged unless
//! asked for, so that they cost nothing where nobody traces.

use std::fmt;

use http::StatusCode;
use tracing::Span;
use tracing::field::Empty;

use super::measure::Measured;
use super::request_id::RequestId;

/// The span of a call that is about to be answered.
pub(super) fn begin(call: &Measured, id: &RequestId) -> Span {
    tracing::trace_span!(
        target: "otp_http::request",
        "request",
        otel.name = %Name(call),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = call.method(),
        http.route = call.route(),
        http.response.status_code = Empty,
        otp.request_id = id.as_str(),
    )
}

/// What a call is called: its method, and its route if it has one.
struct Name<'a>(&'a Measured);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.method())?;
        self.0.route().map_or(Ok(()), |route| write!(f, " {route}"))
    }
}

/// Its answer is of `status`.
pub(super) fn end(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    // What a client does wrong is no error of the server.
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}
