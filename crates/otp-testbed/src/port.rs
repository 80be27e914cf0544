//! Ports for servers of tests, and descriptors for their clients.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::{Resource, getrlimit, setrlimit};

/// A port nobody listens on, below those the system gives to outgoing connections: of those, a client
/// of another test could take one while its server is down.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    let candidates = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed));
    candidates.take(1000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("no port is free")
}

/// Takes as many descriptors for this process as the system lets it have, for tests that open thousands of connections.
pub fn raise_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
