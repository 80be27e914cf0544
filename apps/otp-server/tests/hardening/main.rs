//! Clients that mean harm, at the built binary: what they cost it, and that others go on being served. Each run prints a line of
//! figures, which docs/security.md states: `cargo test -p otp-server --test hardening -- --nocapture --test-threads 1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attack;
mod bodies;
mod crowds;
mod heads;
mod slow;
mod streams;
