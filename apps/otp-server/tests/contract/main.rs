//! The contract of the HTTP API, tried from outside by programs that know the built server by its OpenAPI document alone:
//! one that calls it as right and as wrong as it can, and a client in another language that was generated from it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and says of what engine it is by the environment"
)]

mod generated_client;
mod schemathesis;
mod subject;
