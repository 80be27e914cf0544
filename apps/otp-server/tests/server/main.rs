//! The built binary, from outside: real sockets, a real mail server, real signals.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod browser;
#[cfg(feature = "otlp")]
mod canaries;
mod command_line;
mod crash;
mod doctor;
mod first_run;
mod mail_down;
mod metrics;
mod races;
mod secrets;
mod serving;
#[cfg(feature = "otlp")]
mod traces;
