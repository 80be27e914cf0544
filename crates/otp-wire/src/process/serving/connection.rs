//! One connection, from its first octet to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use hyper::body::{Buf, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt;

use super::bounds::FAREWELL;
use super::lingering::Lingering;
use super::room::{Arrival, Place, Watcher};

/// Serves `router` to the client at `peer` until either has enough, or the process is `closing`.
pub(super) async fn serve(
    protocol: Builder<TokioExecutor>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    place: Place,
    mut closing: watch::Receiver<bool>,
) {
    // Answers are small; waiting to fill a segment would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let watcher = place.watcher();
    let service = service_fn(move |request| answer(router.clone(), peer, watcher.clone(), request));
    let mut connection =
        pin!(protocol.serve_connection(TokioIo::new(Lingering::over(stream, closing.clone())), service));
    // Nobody left to say so is a reason to close, too.
    let mut closing = pin!(async move { closing.wait_for(|closing| *closing).await.is_ok() });
    let mut is_closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended early");
                }
                return;
            }
            _ = &mut closing, if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = place.silent() => break,
            // At once: while its place is kept for it, others would have to go in its stead.
            () = place.shown_out() => return,
        }
    }
    connection.as_mut().graceful_shutdown();
    timeout(FAREWELL, connection).await.ok();
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    watcher: Watcher,
    request: Request<Incoming>,
) -> Result<Response<Watched<Body>>, Infallible> {
    let call = watcher.call();
    let mut arrival = (!request.body().is_end_stream()).then(|| watcher.arrival());
    if let Some(arrival) = &mut arrival {
        arrival.holds(size(request.headers()));
    }
    let mut request = request.map(|body| Body::new(Watched { body, watcher: watcher.clone(), arrival }));
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = router.oneshot(request).await?;
    drop(call);
    Ok(answer.map(|body| Watched { body, watcher, arrival: None }))
}

/// What headers take in memory, about.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

/// The body of a call or of its answer, of which each part that comes or goes is noted.
struct Watched<B> {
    body: B,
    watcher: Watcher,
    /// Until it has come whole, or nobody wants the rest.
    arrival: Option<Arrival>,
}

impl<B: HttpBody + Unpin> HttpBody for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(part) = &frame {
            self.watcher.moves();
            let octets = part.as_ref().and_then(|part| part.as_ref().ok()?.data_ref()).map_or(0, Buf::remaining);
            if part.is_none() || self.body.is_end_stream() {
                self.arrival = None;
            } else if let Some(arrival) = &mut self.arrival {
                arrival.holds(octets);
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
