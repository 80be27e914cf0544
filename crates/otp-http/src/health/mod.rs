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

use crate::app::App;
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
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    status: Health,
    response_time_ms: u64,
}

impl Check {
    pub(crate) fn new(status: Health, since: Instant) -> Self {
        Self { status, response_time_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX) }
    }
}

/// `GET /health`
pub(crate) async fn health(State(app): State<App>) -> Response {
    #[derive(Serialize)]
    struct Checks {
        database: Check,
        #[serde(skip_serializing_if = "Option::is_none")]
        kv: Option<Check>,
        mail: Check,
        outbox: Check,
    }
    #[derive(Serialize)]
    struct Report {
        status: Health,
        service: &'static str,
        version: &'static str,
        #[serde(serialize_with = "rfc_3339")]
        timestamp: Timestamp,
        checks: Checks,
    }
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
    #[derive(Serialize)]
    struct Ready {
        status: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    }
    let (code, status) = match reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    (code, Json(Ready { status, reason })).into_response()
}

/// `GET /health/live`
pub(crate) async fn live() -> Response {
    #[derive(Serialize)]
    struct Live {
        status: &'static str,
    }
    Json(Live { status: "alive" }).into_response()
}
