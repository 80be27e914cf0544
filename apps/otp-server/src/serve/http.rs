//! The listening socket and what is served on it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use otp_http::Readiness;
use otp_wire::config::Config;
use otp_wire::process::{Failure, Serving, Termination};
use tokio::net::TcpListener;

use super::drain::InFlight;

/// A bound socket, which can be served twice, one router after the other, and an ear for the signals that end serving it.
pub(crate) struct Listening {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    termination: Termination,
}

impl Listening {
    /// Binds the address of `config`.
    pub(crate) async fn bind(config: &Config) -> Result<Self, Failure> {
        let listener = TcpListener::bind(config.listen).await.map_err(|error| {
            Failure::Failed(format!("{} cannot be listened on: {error}; choose another with --listen", config.listen))
        })?;
        let address = listener.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Self { listener: Arc::new(listener), address, termination: Termination::heard()? })
    }

    /// Where it listens; with port 0 configured, the port the system chose.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` until `until` resolves; the socket stays bound. Answers nothing if a signal came first.
    pub(super) async fn serve_until<T>(
        &mut self,
        router: Router,
        until: impl Future<Output = T>,
    ) -> Result<Option<T>, Failure> {
        let serving = Serving::begin(self.listener.clone(), router);
        let resolved = self.termination.or(until).await;
        serving.end().await?;
        Ok(resolved)
    }

    /// Serves `router` until SIGTERM or SIGINT. From then on the service says it is not ready, goes on
    /// answering while requests are in flight, and stops.
    pub(crate) async fn serve(mut self, router: Router, readiness: &Readiness) -> Result<(), Failure> {
        let in_flight = InFlight::default();
        let router = router.layer(from_fn_with_state(in_flight.clone(), InFlight::count));
        let serving = Serving::begin(self.listener, router);
        self.termination.asked().await;
        tracing::info!("stopping");
        readiness.not_ready("draining");
        in_flight.finished().await;
        serving.end().await
    }
}
