//! Problems: the one form of every error answer (RFC 9457).
//!
//! A handler answers with a [`Problem`]; the edge of the router writes it out, since only the edge
//! knows the request's id and the service's public address.

mod category;
mod code;
mod example;
mod flaw;
mod map;
mod markdown;

pub use code::ProblemCode;
pub(crate) use flaw::{FieldError, Flaw, MAX_ERRORS, shortened};
pub(crate) use map::{log, unserved};
pub use markdown::errors_markdown;
pub(crate) use otp_core::config::pointer;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// How long a caller is asked to wait before he tries again what was down, in seconds.
pub(crate) const RETRY_DOWN: u64 = 2;

/// An error answer. Holds nothing the caller has sent, and gets its body at the edge of [`router`](crate::router).
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: ProblemCode,
    extra: Extra,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What some codes carry besides the members every problem has.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Extra {
    Nothing {},
    Errors {
        errors: Vec<FieldError>,
    },
    #[serde(rename_all = "camelCase")]
    Attempts {
        remaining_attempts: u8,
    },
    #[serde(rename_all = "camelCase")]
    Limit {
        rule: &'static str,
        limit: u32,
        window_seconds: u64,
        reset_at: String,
    },
    Quota {
        reason: &'static str,
        quota: u32,
        usage: u32,
    },
}

impl Problem {
    /// The problem of `code`.
    pub fn new(code: ProblemCode) -> Self {
        let problem = Self(Box::new(Inner { code, extra: Extra::Nothing {}, headers: Vec::new() }));
        match code.status() {
            // RFC 9110, section 15.5.2 wants a challenge in every 401.
            StatusCode::UNAUTHORIZED => problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => problem.with_header(RETRY_AFTER, RETRY_DOWN.into()),
            _ => problem,
        }
    }

    /// `invalid_request` with all that is wrong, up to [`MAX_ERRORS`].
    pub(crate) fn invalid(mut errors: Vec<FieldError>) -> Self {
        errors.truncate(MAX_ERRORS);
        Self::new(ProblemCode::InvalidRequest).with(Extra::Errors { errors })
    }

    /// What went wrong.
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    fn with(mut self, extra: Extra) -> Self {
        self.0.extra = extra;
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for Problem {
    /// Status and headers; the edge writes the body.
    fn into_response(self) -> Response {
        let mut response = self.code().status().into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// An error answer as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    success: bool,
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    request_id: &'a str,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Written<'a> {
    fn of(Problem(inner): &'a Problem, public_url: &str, request_id: &'a str) -> Self {
        let code = inner.code;
        Self {
            success: false,
            kind: format!("{public_url}/docs/errors#{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: code.detail(),
            code: code.as_str(),
            request_id,
            extra: &inner.extra,
        }
    }
}

/// Writes out the problem in `response`, if it is one.
pub(crate) fn write_out(response: &mut Response, public_url: &str, request_id: &str) {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return };
    let written = Written::of(&problem, public_url, request_id);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    // Strings and numbers always serialise; were it otherwise, the status alone still tells the truth.
    *response.body_mut() = serde_json::to_vec(&written).map_or_else(|_| Body::empty(), Body::from);
}
