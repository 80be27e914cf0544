//! The way to the server.

use std::path::Path;
use std::time::Duration;

use otp_core::fault::{Fault, Res};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, TlsCertificates};

use crate::trouble::fault;

/// How a fault names the attempt.
pub(crate) const OP: &str = "redis.connect";

/// How long the server may take to let us in.
const LET_IN: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Whether `url` can be read. Connects to nothing.
pub fn reads(url: &str) -> bool {
    Client::open(url).is_ok()
}

/// A connection to the server at `url` that all calls share, and that is made anew when it breaks. A call
/// during an outage fails after one more try, soon enough for whoever waits for it.
pub(crate) async fn connect(url: &str, extra_roots: Option<&Path>) -> Res<ConnectionManager> {
    let client = match extra_roots {
        None => Client::open(url),
        Some(file) => {
            let root_cert = std::fs::read(file).map_err(|error| Fault::misconfigured(OP, error))?;
            Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
        }
    };
    // The error is dropped: it may quote the URL, and with it a password.
    let client = client.map_err(|_| {
        Fault::misconfigured(OP, "the URL is not of the form redis://:PASSWORD@HOST:PORT or rediss://…")
    })?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(LET_IN))
        .set_response_timeout(Some(ANSWER))
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(200));
    ConnectionManager::new_with_config(client, config).await.map_err(|error| fault(OP, error))
}
