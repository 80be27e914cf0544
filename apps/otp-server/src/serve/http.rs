//! The listening socket and what is served on it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::serve::{Listener, ListenerExt};
use otp_http::Readiness;
use otp_wire::config::Config;
use otp_wire::process::{Failure, Termination};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::drain::InFlight;

/// How long connections may take to close after the last answer.
const CLOSING: Duration = Duration::from_secs(2);

/// A bound socket, and an ear for the signals that end serving it.
pub(crate) struct Listening {
    listener: Socket,
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
        Ok(Self { listener: Socket(Arc::new(listener)), address, termination: Termination::heard()? })
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

/// A router being served.
struct Serving {
    task: JoinHandle<Result<(), Failure>>,
    closing: watch::Sender<bool>,
}

impl Serving {
    fn begin(listener: Socket, router: Router) -> Self {
        let (closing, mut closed) = watch::channel(false);
        let stop = async move {
            // An error means that nobody is left to ask: that is a reason to stop, too.
            closed.wait_for(|closed| *closed).await.ok();
        };
        Self { task: tokio::spawn(serve(listener, router, stop)), closing }
    }

    /// Accepts no more, and closes the connections that are kept alive: their clients would go on
    /// talking to this router.
    async fn end(self) -> Result<(), Failure> {
        self.closing.send_replace(true);
        match timeout(CLOSING, self.task).await {
            Ok(Ok(served)) => served,
            Ok(Err(error)) => Err(Failure::Failed(error.to_string())),
            // Clients that do not close are not waited for: every answer has been given.
            Err(_) => Ok(()),
        }
    }
}

/// A bound socket that can be served twice, one router after the other.
#[derive(Clone)]
struct Socket(Arc<TcpListener>);

impl Listener for Socket {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok(accepted) => return accepted,
                // Out of descriptors, or a connection that broke off at once: the next may work.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

async fn serve(
    listener: Socket,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    // Answers are small; waiting to fill a segment would only delay them.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
    });
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop)
        .await
        .map_err(|error| Failure::Failed(error.to_string()))
}
