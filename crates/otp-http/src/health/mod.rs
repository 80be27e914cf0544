//! How the service is: for load balancers and people. No credential is needed, so nothing here says
//! why something is wrong, and nobody can make the mail server suffer by asking often.

mod mail;
mod stores;

pub(crate) use mail::MailProbe;

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use otp_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::contract::{self, Operation};
use crate::reply::rfc_3339;

/// How something is; the worst is last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    Healthy,
    Degraded,
    Unhealthy,
}

/// How one thing is, and how long it took to find out.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HealthCheck)]
pub(crate) struct Check {
    #[schema(value_type = contract::HealthStatus)]
    status: Health,
    response_time_ms: u64,
}

impl Check {
    pub(crate) fn new(status: Health, since: Instant) -> Self {
        Self { status, response_time_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX) }
    }
}

/// What was looked at.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthChecks)]
struct Checks {
    database: Check,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kv: Option<Check>,
    mail: Check,
    outbox: Check,
}

/// How the service is.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthReport)]
pub(crate) struct Report {
    #[schema(value_type = contract::HealthStatus)]
    status: Health,
    service: &'static str,
    version: &'static str,
    #[serde(serialize_with = "rfc_3339")]
    #[schema(value_type = contract::Time)]
    timestamp: Timestamp,
    checks: Checks,
}

/// How the route is told of.
pub(crate) const HEALTH: Operation = Operation::new::<Report>(
    "getHealth",
    "How the service is",
    "Trouble with mail or with what waits to be sent is `degraded`, and 200.",
)
.bare()
.or(503, "The database, or where limits are kept, is down.", "application/json");

/// How the route is told of.
pub(crate) const READY: Operation = Operation::new::<Ready>(
    "getReadiness",
    "Whether the service wants traffic",
    "For load balancers. Not while a store is down, migrations are missing, or the process is about to stop.",
)
.bare()
.or(503, "It does not.", "application/json");

/// How the route is told of.
pub(crate) const ALIVE: Operation =
    Operation::new::<Live>("getLiveness", "Whether the process lives", "Touches nothing outside of it.").bare();

/// `GET /health`
pub(crate) async fn health(State(app): State<App>) -> Response {
    let now = app.deployment.now();
    let stores = app.deployment.stores();
    let ((database, outbox), kv, mail) =
        futures::join!(stores::database(stores, now), stores::kv(stores, now), app.mail.check(now));
    let all = [Some(database), kv, Some(mail), Some(outbox)];
    let status = all.into_iter().flatten().map(|check| check.status).max().unwrap_or(Health::Healthy);
    let checks = Checks { database, kv, mail, outbox };
    let code = if status == Health::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let report = Report { status, service: "otp", version: app.settings.version, timestamp: now, checks };
    (code, Json(report)).into_response()
}

/// Whether the service wants traffic.
#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct Ready {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
}

/// That the process lives.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct Live {
    status: &'static str,
}

/// `GET /health/ready`
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let reason = match app.readiness.reason() {
        Some(reason) => Some(reason),
        None => stores::down(app.deployment.stores(), app.deployment.now()).await,
    };
    readiness(reason)
}

/// Ready, unless there is a reason against it.
pub(crate) fn readiness(reason: Option<&'static str>) -> Response {
    let (code, status) = match reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    (code, Json(Ready { status, reason })).into_response()
}

/// `GET /health/live`
pub(crate) async fn live() -> Response {
    Json(Live { status: "alive" }).into_response()
}
