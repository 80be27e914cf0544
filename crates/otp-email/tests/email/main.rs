//! The mailers against a server that is strict, over real sockets.

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
