//! How long calls take and how many are under way, named as OpenTelemetry names it.
//!
//! Labels come from short lists: the methods there are, the templates of routes, status codes. A path, which holds
//! whatever a caller puts there, is none.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use http::{Method, StatusCode};
use metrics::{gauge, histogram};

/// A call being answered. It is under way until dropped, also when its client hangs up.
pub(super) struct Measured {
    method: &'static str,
    route: String,
    begun: Instant,
}

impl Measured {
    /// That of `request`, from now on.
    pub(super) fn begin(request: &Request) -> Self {
        let method = known(request.method());
        // Empty where none matches: to Prometheus a label that is not there.
        let route = request.extensions().get::<MatchedPath>().map_or_else(String::new, |it| it.as_str().to_owned());
        gauge!("http_server_active_requests", "http_request_method" => method).increment(1.0);
        Self { method, route, begun: Instant::now() }
    }

    pub(super) const fn method(&self) -> &'static str {
        self.method
    }

    /// The template of its route, if it has one.
    pub(super) fn route(&self) -> Option<&str> {
        Some(self.route.as_str()).filter(|route| !route.is_empty())
    }

    /// Its answer is of `status`.
    pub(super) fn end(self, status: StatusCode) {
        histogram!(
            "http_server_request_duration_seconds",
            "http_request_method" => self.method,
            "http_route" => self.route.clone(),
            "http_response_status_code" => status.as_u16().to_string(),
        )
        .record(self.begun.elapsed());
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        gauge!("http_server_active_requests", "http_request_method" => self.method).decrement(1.0);
    }
}

/// The method as a label: anybody can make one up.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_nobody_knows_are_one() {
        let made_up = Method::from_bytes(b"BREW").unwrap();
        assert_eq!([known(&Method::PATCH), known(&made_up)], ["PATCH", "_OTHER"]);
        // As HTTP has it, case matters.
        assert_eq!(known(&Method::from_bytes(b"get").unwrap()), "_OTHER");
    }
}
