//! `GET /t/{customerId}/.well-known/jwks.json`, and the same of test mode: with what whoever verifies a customer's tokens
//! himself does so (RFC 7517).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use otp_core::id::TenantId;
use otp_core::port::Age;
use otp_core::realm::Mode;
use otp_core::token::Jwk;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::contract::{Header, Operation};
use crate::problem::{Problem, ProblemCode};
use crate::reply::Answer;

/// Whoever meets a key he does not know asks again, so what he knows he may keep for a while.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The customer the path names; a rejection where that is no text.
type Named = Result<Path<String>, PathRejection>;

/// The keys of a customer (RFC 7517, section 5); none, where tokens are signed by HS256.
#[derive(Serialize, ToSchema)]
#[schema(as = KeySet)]
pub(crate) struct Keys {
    #[schema(value_type = Vec<PublicKey>)]
    keys: Vec<Jwk>,
}

/// A public key (RFC 7517; RFC 7518, section 6.2.1; RFC 8037, section 2).
#[derive(ToSchema)]
#[expect(dead_code, reason = "told of, never made: keys are the domain's `Jwk`")]
struct PublicKey {
    kty: String,
    crv: String,
    x: String,
    #[schema(nullable = false)]
    y: Option<String>,
    kid: String,
    alg: String,
    r#use: String,
}

/// How the route is told of.
pub(crate) const LIVE: Operation = Operation::new::<Keys>(
    "getKeys",
    "The keys tokens are verified by",
    "For who verifies tokens of `ES256` or `EdDSA` himself. That a session has ended since, only `introspect` knows.",
)
.bare()
.with(&[Header::Kept]);

/// The same of test mode.
pub(crate) const TEST: Operation =
    Operation::new::<Keys>("getTestKeys", "The keys of test mode", "As those of live mode.")
        .bare()
        .with(&[Header::Kept]);

/// Of live mode.
pub(crate) async fn live(State(app): State<App>, customer: Named) -> Answer {
    keys(&app, customer, Mode::Live).await
}

/// Of test mode.
pub(crate) async fn test(State(app): State<App>, customer: Named) -> Answer {
    keys(&app, customer, Mode::Test).await
}

async fn keys(app: &App, customer: Named, mode: Mode) -> Result<Response, Problem> {
    let id = customer.ok().and_then(|Path(customer)| customer.parse().ok());
    let id = id.filter(|id| *id != TenantId::SERVICE).ok_or(ProblemCode::NotFound)?;
    let tenant = app.tenants.get(id, Age::Kept).await?.ok_or(ProblemCode::NotFound)?;
    let mut response = Json(Keys { keys: tenant.jwks(mode, app.deployment.now()) }).into_response();
    response.headers_mut().insert(CACHE_CONTROL, KEPT);
    Ok(response)
}
