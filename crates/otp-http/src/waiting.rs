//! A service that has nothing to serve from yet: alive, not ready, and unavailable for all else.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::problem::{Problem, ProblemCode};
use crate::{edge, health};

/// The routes of a service that waits, because of `reason`, before [`router`](crate::router) can serve.
pub fn waiting(reason: &'static str, public_url: &str) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(async move || health::readiness(Some(reason))))
        .fallback(async || Problem::new(ProblemCode::Unavailable))
        .layer(from_fn_with_state(Arc::<str>::from(public_url), edge::bare_edge))
}
