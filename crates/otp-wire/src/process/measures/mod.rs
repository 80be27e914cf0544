//! What a process measures, told to Prometheus on a socket of its own.

mod described;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics::{gauge, set_global_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use otp_core::port::{Backlog, Clock};
use otp_core::system::SystemClock;
use otp_core::tally;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Failure, Serving};
use crate::config::Config;
use crate::storage::Storage;

/// The bounds of durations, in seconds, as OpenTelemetry advises them for HTTP.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// How often durations are sorted into buckets. Until then each takes memory of its own, and nobody may be asking.
const SORT_EVERY: Duration = Duration::from_secs(5);
/// How often the outbox is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Connections at once: one for each Prometheus, and a person who looks.
const CONNECTIONS: u32 = 32;
/// The text format of Prometheus.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Measures are told until this is dropped.
#[derive(Debug)]
pub struct Measures {
    tasks: JoinSet<()>,
    serving: Option<Serving>,
}

impl Measures {
    /// Begins to measure, and to tell at the address of `config`; if it names none, does neither. To be called before
    /// anything counts: what is counted before is lost.
    ///
    /// # Errors
    /// [`Failure::Failed`] when the address somebody has set cannot be listened on, or the process measures already.
    pub async fn begin(config: &Config) -> Result<Self, Failure> {
        let mut tasks = JoinSet::new();
        let Some(listen) = config.metrics_listen else { return Ok(Self { tasks, serving: None }) };
        let listener = match TcpListener::bind(listen).await {
            Ok(listener) => listener,
            Err(error) => {
                let text = format!(
                    "metrics: {listen} cannot be listened on: {error}; choose another address with --metrics-listen, \
                     or none with OTP_METRICS_LISTEN= (every process on a machine needs its own)"
                );
                if config.metrics_listen_is_set {
                    return Err(Failure::Failed(text));
                }
                // Nobody has asked for it: a second process on this machine goes without.
                tracing::warn!("{text}");
                return Ok(Self { tasks, serving: None });
            }
        };
        let handle = record()?;
        described::describe();
        tally::begin();
        let address = listener.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
        tracing::info!(listen = %address, "metrics");
        tasks.spawn(sort(handle.clone()));
        let serving = Serving::to(CONNECTIONS, Arc::new(listener), telling(handle));
        Ok(Self { tasks, serving: Some(serving) })
    }

    /// Looks at the outbox of `storage`, too, from now on.
    pub fn watch_outbox(&mut self, storage: &Storage) {
        if self.serving.is_some() {
            self.tasks.spawn(watch(storage.clone()));
        }
    }
}

/// Sets the recorder of the process.
fn record() -> Result<PrometheusHandle, Failure> {
    let failed = |error: String| Failure::Failed(format!("metrics cannot begin: {error}"));
    let durations = Matcher::Full("http_server_request_duration_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(durations, &BUCKETS);
    let recorder = builder.map_err(|error| failed(error.to_string()))?.build_recorder();
    let handle = recorder.handle();
    set_global_recorder(recorder).map_err(|error| failed(error.to_string()))?;
    Ok(handle)
}

async fn sort(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(SORT_EVERY).await;
        handle.run_upkeep();
    }
}

fn telling(handle: PrometheusHandle) -> Router {
    let answer = async move || ([(CONTENT_TYPE, FORMAT)], handle.render());
    Router::new().route("/metrics", get(answer))
}

async fn watch(storage: Storage) {
    let outbox = storage.stores().challenges;
    let (waiting, oldest) = (gauge!("otp_outbox_waiting"), gauge!("otp_outbox_oldest_seconds"));
    loop {
        let now = SystemClock.now();
        match outbox.backlog(now).await {
            Ok(Backlog { waiting: count, oldest_due }) => {
                waiting.set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
                oldest.set(oldest_due.map_or(0.0, |due| due.until(now).as_secs_f64()));
            }
            // What was true before may not be now; the fault itself is told of by who needs the database.
            Err(fault) => {
                tracing::debug!(%fault, "the outbox was not looked at");
                waiting.set(f64::NAN);
                oldest.set(f64::NAN);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
