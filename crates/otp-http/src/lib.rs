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
//! - `routes` lists them. `contract` makes of the list what is served and what is told of it ([`openapi`]); `docs` are the pages
//!   made of that.
//! - `problem` is every error answer. Each error of the domain is mapped there by a match without a
//!   wildcard, and each code is documented in `docs/errors.md`, which is generated.
//!
//! # To add a route
//! 1. Write its module: a struct for what is asked and its `Input`, which tells and reads every member and
//!    parameter (what it does not read is refused as unknown), a struct to serialise for what is answered, with its
//!    `ToSchema`, an `Operation` that says what the types do not, and a handler `async fn(Call<Who, Asked>) -> Answer`. `Who` is the capability it needs: `Anybody`, `AppCall`,
//!    `ServerCall`, `TenantCall`, `UserCall`, `Operator`. There is no way to get at a tenant but through one.
//!    A change that may be repeated under an `Idempotency-Key`, as every POST under `/admin` may, asks for `Once<Asked>`, which is
//!    got at through `Call::first_time`.
//! 2. Name it in `routes`, and make a call of it in the test of examples. Run the tests with `UPDATE_DOCS=1`, twice.
//! 3. For a new error, add a [`ProblemCode`]. The tests do not compile until one of them produces it.

mod admin;
mod app;
mod auth;
mod call;
mod contract;
mod cookie;
mod docs;
mod edge;
mod health;
mod html;
mod jwks;
mod limits;
mod loopback;
mod problem;
mod readiness;
mod reply;
mod routes;
mod signup;
mod waiting;

pub use admin::users::PersonExport;
pub use app::{Services, Settings};
pub use problem::{Problem, ProblemCode, errors_markdown};
pub use readiness::Readiness;
pub use waiting::waiting;

use axum::Router;
use axum::middleware::from_fn_with_state;

use app::App;
use routes::routes;

/// What the service promises, as an OpenAPI 3.1 document, to who reaches it at `public_url`.
pub fn openapi(public_url: &str) -> serde_json::Value {
    // Made of texts and numbers, which always serialise.
    serde_json::to_value(contract::document(&routes(), public_url)).unwrap_or_default()
}

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
    routes()
        .router()
        .with_state(app.clone())
        .merge(own)
        .method_not_allowed_fallback(async || Problem::new(ProblemCode::MethodNotAllowed))
        .fallback(async || Problem::new(ProblemCode::NotFound))
        .layer(from_fn_with_state(app, edge::edge))
}
