//! A router served on a socket, to clients of whom some mean harm: every connection is bounded in time, in memory and in number.

mod bounds;
mod connection;
mod lingering;
mod room;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Failure;
use room::Room;

/// How long connections may take to close after the last answer.
const CLOSING: Duration = Duration::from_secs(2);
/// The pause after a connection that could not be accepted: where descriptors ran out, the next cannot either.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// Connections at once. Each takes some twenty kibibytes while it does nothing.
const CONNECTIONS: u64 = 8192;

/// A router being served.
#[derive(Debug)]
pub struct Serving {
    task: JoinHandle<()>,
    closing: watch::Sender<bool>,
}

impl Serving {
    /// Begins to serve `router` on `listener`, to as many connections as the process has descriptors for, 8192 at the most. The peer's
    /// address is in the extension `ConnectInfo<SocketAddr>` of each call.
    pub fn begin(listener: Arc<TcpListener>, router: Router) -> Self {
        let spare = descriptors().saturating_sub(bounds::KEPT_DESCRIPTORS).clamp(1, CONNECTIONS);
        Self::to(spare as u32, listener, router)
    }

    /// As [`Serving::begin`], to `connections` at the most.
    pub(super) fn to(connections: u32, listener: Arc<TcpListener>, router: Router) -> Self {
        let (closing, closed) = watch::channel(false);
        Self { task: tokio::spawn(accept(Room::of(connections), listener, router, closed)), closing }
    }

    /// Accepts no more, and closes the connections that are kept alive: their clients would go on
    /// talking to this router.
    ///
    /// # Errors
    /// [`Failure::Failed`] when serving broke down.
    pub async fn end(mut self) -> Result<(), Failure> {
        self.closing.send_replace(true);
        match timeout(CLOSING, &mut self.task).await {
            Ok(served) => served.map_err(|error| Failure::Failed(error.to_string())),
            // Clients that do not close are not waited for: every answer has been given.
            Err(_) => Ok(()),
        }
    }
}

async fn accept(room: Arc<Room>, listener: Arc<TcpListener>, router: Router, mut closing: watch::Receiver<bool>) {
    let protocol = bounds::protocol();
    let connections = closing.clone();
    // Nobody left to say so is a reason to stop, too.
    let mut closed = std::pin::pin!(closing.wait_for(|closing| *closing));
    loop {
        let next = async {
            let (stream, peer) = connection(&listener).await;
            // A client is not turned away: he waits, with those behind him, until somebody makes room.
            (stream, peer, room.place().await)
        };
        let (stream, peer, place) = tokio::select! {
            next = next => next,
            _ = &mut closed => break,
        };
        tokio::spawn(connection::serve(protocol.clone(), stream, peer, router.clone(), place, connections.clone()));
    }
    room.empty().await;
}

async fn connection(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // Out of descriptors, or a connection that broke off at once: the next may work.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// How many descriptors the process may have. Systems give few to begin with, for programs that count on a bitmap of them, and
/// more to who asks.
fn descriptors() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    let given = limit.current;
    limit.current = limit.maximum;
    let now = if setrlimit(Resource::Nofile, limit).is_ok() { limit.maximum } else { given };
    now.unwrap_or(u64::MAX)
}
