//! Counts requests in flight, so that the last can finish before the process ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long requests in flight may take to finish.
const PATIENCE: Duration = Duration::from_secs(15);

/// The requests in flight.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Gauge>);

#[derive(Debug, Default)]
struct Gauge {
    count: AtomicUsize,
    idle: Notify,
}

/// One of them; leaves when dropped, also when its connection breaks off.
struct Guard(Arc<Gauge>);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl InFlight {
    /// Middleware: counts a request from here until its answer is made.
    pub(super) async fn count(State(in_flight): State<Self>, request: Request, next: Next) -> Response {
        in_flight.0.count.fetch_add(1, Ordering::SeqCst);
        let guard = Guard(in_flight.0);
        let response = next.run(request).await;
        drop(guard);
        response
    }

    /// Waits until there are none, but not for ever.
    pub(super) async fn finished(&self) {
        let idle = async {
            loop {
                let notified = self.0.idle.notified();
                if self.0.count.load(Ordering::SeqCst) == 0 {
                    return;
                }
                notified.await;
            }
        };
        if timeout(PATIENCE, idle).await.is_err() {
            tracing::warn!("requests in flight did not finish in time");
        }
    }
}
