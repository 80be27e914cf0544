//! From configuration to running adapters: the only crate that sees more than one of them.
//!
//! A feature decides what *can* be wired, the scheme of a URL what *is*. A scheme that is known but
//! not compiled in is a start-up error that names the feature.
//!
//! ```
//! use otp_wire::config::{Config, Sources};
//!
//! let environment = [("OTP_LISTEN", "127.0.0.1:9000")].map(|(name, value)| (name.to_owned(), value.to_owned()));
//! let sources = Sources { environment: environment.into(), ..Sources::default() };
//! let config = Config::read(&sources)?;
//! assert_eq!(config.public_url, "http://127.0.0.1:9000");
//! # Ok::<(), otp_wire::config::ConfigError>(())
//! ```
//!
//! # Adding an adapter
//!
//! 1. A feature of this crate that turns the adapter's on.
//! 2. Its URL scheme in [`storage`] or [`mail`], and what is said when the feature is off.
//! 3. Its settings, if it has any, in `config::SETTINGS`.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("otp-wire needs a system of record: feature `sqlite` or `postgres`");

pub mod bell;
pub mod config;
pub mod mail;
mod outage;
#[cfg(feature = "process")]
pub mod process;
pub mod storage;
pub mod tenant_cache;
