//! `/dev/inbox`: the mailbox of the development mode, for people and for scripts.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use otp_core::email::EmailAddress;
use otp_wire::mail::Inbox;
use serde::Deserialize;
use serde_json::json;

use super::page;

/// The longest a reader may wait for a mail.
const LONGEST_WAIT: f64 = 60.0;

/// What to read.
#[derive(Debug, Deserialize)]
struct Wanted {
    /// Mails to this address only.
    to: Option<String>,
    /// Seconds to wait until there is one.
    wait: Option<f64>,
}

/// The routes of the mailbox.
pub(super) fn router(mailbox: Arc<Inbox>) -> Router {
    Router::new()
        .route("/dev/inbox", get(read_by_people))
        .route("/dev/inbox.json", get(read_by_scripts))
        .with_state(mailbox)
}

async fn read_by_people(State(mailbox): State<Arc<Inbox>>) -> impl IntoResponse {
    // It styles itself and loads nothing.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page::render(&mailbox.list(None))))
}

async fn read_by_scripts(State(mailbox): State<Arc<Inbox>>, Query(wanted): Query<Wanted>) -> Response {
    // A `+` in a query reads as a space; no address holds one.
    let to = wanted.to.map(|to| EmailAddress::parse(&to.replace(' ', "+"))).transpose();
    let wait = wanted.wait.unwrap_or(0.0);
    let (Ok(to), true) = (to, (0.0..=LONGEST_WAIT).contains(&wait)) else {
        let detail = format!("`to` is an email address, `wait` a number of seconds up to {LONGEST_WAIT}");
        return (StatusCode::BAD_REQUEST, Json(json!({ "success": false, "detail": detail }))).into_response();
    };
    let mails = mailbox.wait(to.as_ref(), Duration::from_secs_f64(wait)).await;
    Json(json!({ "success": true, "mails": mails })).into_response()
}
