//! The mailers against a server that is strict, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod contract;
mod deliveries;
mod encryption;
mod failover;
mod inbox;
mod lines;
mod message;
mod sample;
mod secrecy;
mod url;
