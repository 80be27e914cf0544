//! The edge: what happens to every request and every answer, whatever the route.

mod client;
mod cors;
mod host;
mod measure;
mod owner;
mod request_id;
mod trace;

pub(crate) use client::{Client, Proxies};
pub(crate) use cors::{Page, origin};
pub(crate) use owner::Owner;
pub(crate) use request_id::RequestId;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use otp_core::system::SystemEntropy;

use crate::app::App;
use crate::problem::{self, Problem, ProblemCode};
use cors::Visit;
use measure::Measured;
use tracing::Instrument;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Names the request, refuses foreign hosts, answers preflights, bounds time, catches panics, writes problems out,
/// adds the headers every answer has, lets pages read it, measures and logs the call. Neither query nor body nor headers are logged.
pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let measured = Measured::begin(&request);
    let id = RequestId::accept(request.headers(), &app.entropy);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let client = app.proxies.client(&request);
    let span = trace::begin(&measured, &id);
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(Client(client));
    let owner = Owner::default();
    request.extensions_mut().insert(owner.clone());
    let visit = Visit::of(&mut request);

    let foreign = app.settings.loopback_hosts_only && !host::is_loopback(&request);
    let mut response = if foreign {
        Problem::new(ProblemCode::HostNotAllowed).into_response()
    } else if let Some(preflight) = visit.as_ref().and_then(Visit::preflight) {
        preflight
    } else {
        within_bounds(next.run(request)).instrument(span.clone()).await
    };
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    owner.count(&app.deployment, route, begun.elapsed(), &response, &id);
    finish(&mut response, &app.settings.public_url, &id);
    if let Some(visit) = visit {
        visit.open(&mut response, &app).await;
    }
    trace::end(&span, response.status());
    measured.end(response.status());

    tracing::info!(
        %method,
        // Not the path itself, which holds whatever a caller puts there.
        route,
        status = response.status().as_u16(),
        duration_us = begun.elapsed().as_micros(),
        client = client.map(tracing::field::display),
        request_id = id.as_str(),
        "answered"
    );
    response
}

async fn within_bounds(call: impl Future<Output = Response>) -> Response {
    // What a panic leaves half done belongs to that one call; the stores write atomically.
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a handler panicked");
            Problem::new(ProblemCode::Internal).into_response()
        }
        Err(_) => {
            tracing::error!("a call took too long");
            Problem::new(ProblemCode::Unavailable).into_response()
        }
    }
}

/// The edge of a service that has nothing to serve from yet.
pub(crate) async fn bare_edge(State(public_url): State<Arc<str>>, request: Request, next: Next) -> Response {
    let measured = Measured::begin(&request);
    let id = RequestId::accept(request.headers(), &SystemEntropy::default());
    let mut response = next.run(request).await;
    finish(&mut response, &public_url, &id);
    measured.end(response.status());
    response
}

/// Writes a problem out, and adds the headers every answer has.
fn finish(response: &mut Response, public_url: &str, id: &RequestId) {
    problem::write_out(response, public_url, id.as_str());
    add_headers(response.headers_mut(), id, public_url.starts_with("https://"));
}

fn add_headers(headers: &mut HeaderMap, id: &RequestId, https: bool) {
    headers.insert(RequestId::HEADER, id.value());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // A page merged into the router may need a policy of its own; nothing else has one.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    // What may be kept says so itself.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
}
