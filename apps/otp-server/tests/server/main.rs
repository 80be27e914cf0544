//! The built binary, from outside: real sockets, a real mail server, real signals.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod backup;
mod browser;
#[cfg(feature = "otlp")]
mod canaries;
mod command_line;
mod crash;
mod deploying;
mod doctor;
mod documented;
mod emails;
mod exits;
mod first_run;
mod mail_down;
mod metrics;
mod proxies;
mod races;
mod reference;
mod rotation;
mod secrets;
mod serving;
mod settings;
mod shells;
mod shown_once;
#[cfg(feature = "otlp")]
mod traces;
mod upgrading;
