//! The HTTP contract of the one-time-code service as an axum router.

mod admin;
mod app;
mod auth;
mod call;
mod edge;
mod health;
mod limits;
mod problem;
mod readiness;
mod reply;
mod waiting;

pub use app::{Services, Settings};
pub use problem::{Problem, ProblemCode, errors_markdown};
pub use readiness::Readiness;
pub use waiting::waiting;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use app::App;

/// The routes of the service over `services`, to be served as they are or nested under a prefix.
///
/// The peer's address is taken from the extension `ConnectInfo<SocketAddr>`, where there is one. Needs a
/// Tokio runtime with time enabled.
pub fn router(services: Services) -> Router {
    router_with(services, Router::new())
}

/// As [`router`], with routes of the application's own behind the same edge: their calls are named,
/// bounded and logged, and their answers get the headers every answer has.
pub fn router_with(services: Services, own: Router) -> Router {
    let app = App::new(services);
    Router::new()
        .route("/auth/request-otp", post(auth::request_otp))
        .route("/auth/verify-otp", post(auth::verify_otp))
        .route("/auth/me", get(auth::me))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/introspect", post(auth::introspect))
        .route("/admin/customers", get(admin::list).post(admin::register))
        .route("/admin/customers/me", get(admin::me))
        .route("/admin/customers/{id}", get(admin::get))
        .route("/health", get(health::health))
        .route("/health/ready", get(health::ready))
        .route("/health/live", get(health::live))
        .method_not_allowed_fallback(async || Problem::new(ProblemCode::MethodNotAllowed))
        .fallback(async || Problem::new(ProblemCode::NotFound))
        .with_state(app.clone())
        .merge(own)
        .layer(from_fn_with_state(app, edge::edge))
}
