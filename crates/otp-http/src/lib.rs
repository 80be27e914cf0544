//! The HTTP contract of the one-time-code service as an axum router: sign-in by emailed code,
//! sessions, signup, customers and health.
//!
//! [`router`] takes the use cases of `otp-core` and answers with a [`Router`], to be
//! served as it is or nested into an application of your own:
//!
#![doc = concat!("```\n", include_str!("../examples/nested.rs"), "```")]
//!
//! Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, so that the log knows from
//! where a call came. Mail is queued, not sent: something has to run `otp_core::relay::Relay`. Audit trails are sealed and usage
//! is rolled up by `otp_core::upkeep::Upkeep`, and calls are counted in memory until `Deployment::write_traffic`.
//!
//! # How it is made
//! - `edge` wraps every request: its id, its time, panics, the headers every answer has, CORS, one line of log.
//! - `call` is what is checked before a handler runs. The order callers may rely on is one function,
//!   `Call::from_request`; a handler only says in its signature what it needs.
//! - `auth`, `signup`, `admin` and `health` are the routes, one module each, which read their input, call one
//!   use case and shape its answer.
//! - `problem` is every error answer. Each error of the domain is mapped there by a match without a
//!   wildcard, and each code is documented in `docs/errors.md`, which is generated.
//!
//! # To add a route
//! 1. Write its module: a struct for what is asked and its `Input`, which reads every member and
//!    parameter (what it does not read is refused as unknown), a struct to serialise for what is answered,
//!    and a handler `async fn(Call<Who, Asked>) -> Answer`. `Who` is the capability it needs: `Anybody`, `AppCall`,
//!    `ServerCall`, `TenantCall`, `UserCall`, `Operator`. There is no way to get at a tenant but through one.
//!    A change that may be repeated under an `Idempotency-Key`, as every POST under `/admin` may, asks for `Once<Asked>`, which is
//!    got at through `Call::first_time`.
//! 2. Name it in [`router`].
//! 3. For a new error, add a [`ProblemCode`]. The tests do not compile until one of them produces it.

mod admin;
mod app;
mod auth;
mod call;
mod cookie;
mod edge;
mod health;
mod jwks;
mod limits;
mod loopback;
mod problem;
mod readiness;
mod reply;
mod signup;
mod waiting;

pub use admin::users::PersonExport;
pub use app::{Services, Settings};
pub use problem::{Problem, ProblemCode, errors_markdown};
pub use readiness::Readiness;
pub use waiting::waiting;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};

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
        .route("/signup", post(signup::request))
        .route("/signup/verify", post(signup::verify))
        .route("/signup/confirm", get(signup::show).post(signup::confirm))
        .route("/admin/customers", get(admin::list).post(admin::register))
        .route("/admin/customers/me", get(admin::me).put(admin::rename))
        .route("/admin/customers/{id}", get(admin::get))
        .route("/admin/customers/{id}/status", put(admin::set_status))
        .route("/admin/customers/{id}/plan", put(admin::set_plan))
        .route("/admin/customers/{id}/suspend", post(admin::suspend))
        .route("/admin/customers/{id}/activate", post(admin::activate))
        .route("/admin/customers/{id}/api-keys", get(admin::keys::list).post(admin::keys::create))
        .route("/admin/customers/{id}/api-keys/{key}", delete(admin::keys::revoke))
        .route("/admin/customers/{id}/api-keys/{key}/rotate", post(admin::keys::rotate))
        .route("/admin/config", get(admin::config::get).put(admin::config::put))
        .route("/admin/config/email", put(admin::config::put_email))
        .route("/admin/config/versions", get(admin::config::list))
        .route("/admin/config/versions/{number}", get(admin::config::one))
        .route("/admin/config/versions/{number}/restore", post(admin::config::restore))
        .route("/admin/usage", get(admin::usage))
        .route("/admin/analytics", get(admin::analytics::overview))
        .route("/admin/analytics/realtime", get(admin::analytics::realtime))
        .route("/admin/analytics/errors", get(admin::analytics::errors))
        .route("/admin/audit-logs", get(admin::audit::list))
        .route("/admin/onboarding", get(admin::onboarding::get).put(admin::onboarding::put))
        .route("/admin/onboarding/test-otp", post(admin::onboarding::test_otp))
        .route("/admin/users", get(admin::users::list))
        .route("/admin/users/{user}", get(admin::users::get).delete(admin::users::erase))
        .route("/admin/users/{user}/export", get(admin::users::export))
        .route("/admin/users/{user}/sessions", get(admin::users::sessions).delete(admin::users::sign_out))
        .route("/admin/users/{user}/sessions/{session}", get(admin::users::session).delete(admin::users::end))
        .route("/t/{customer}/.well-known/jwks.json", get(jwks::live))
        .route("/t/{customer}/test/.well-known/jwks.json", get(jwks::test))
        .route("/health", get(health::health))
        .route("/health/ready", get(health::ready))
        .route("/health/live", get(health::live))
        .with_state(app.clone())
        .merge(own)
        .method_not_allowed_fallback(async || Problem::new(ProblemCode::MethodNotAllowed))
        .fallback(async || Problem::new(ProblemCode::NotFound))
        .layer(from_fn_with_state(app, edge::edge))
}
