//! How the service is: for load balancers and people. No credential is needed, so nothing here says
//! why something is wrong, and nobody can make the mail server suffer by asking often.

mod mail;

pub(crate) use mail::MailProbe;

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use otp_core::port::Backlog;
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::problem;
use crate::reply::rfc_3339;

/// How long the database may take before it counts as down.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a due entry may wait in the outbox before something is wrong with whoever empties it.
const OVERDUE: Duration = Duration::from_secs(60);

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
    let ((database, outbox), mail) = futures::join!(store(&app, now), app.mail.check(now));
    let checks = Checks { database, mail, outbox };
    let status = checks.database.status.max(checks.mail.status).max(checks.outbox.status);
    let code = if status == Health::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let report = Report { status, service: "otp", version: app.settings.version, timestamp: now, checks };
    (code, Json(report)).into_response()
}

/// How database and outbox are, which one question answers.
async fn store(app: &App, now: Timestamp) -> (Check, Check) {
    let begun = Instant::now();
    let (database, outbox) = match backlog(app, now).await {
        Some(Backlog { waiting: _, oldest_due }) => {
            let late = oldest_due.is_some_and(|due| due.until(now) > OVERDUE);
            (Health::Healthy, if late { Health::Degraded } else { Health::Healthy })
        }
        None => (Health::Unhealthy, Health::Unhealthy),
    };
    (Check::new(database, begun), Check::new(outbox, begun))
}

/// `GET /health/ready`
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let reason = match app.readiness.reason() {
        Some(reason) => Some(reason),
        None => backlog(&app, app.deployment.now()).await.is_none().then_some("database unavailable"),
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

/// What waits in the outbox; nothing if the database does not say so in time.
async fn backlog(app: &App, now: Timestamp) -> Option<Backlog> {
    match tokio::time::timeout(PATIENCE, app.deployment.stores().challenges.backlog(now)).await {
        Ok(Ok(backlog)) => Some(backlog),
        Ok(Err(fault)) => {
            problem::log(&fault);
            None
        }
        Err(_) => {
            tracing::error!("the database took too long to answer");
            None
        }
    }
}
