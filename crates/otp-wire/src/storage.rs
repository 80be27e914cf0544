//! The system of record, from its URL.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use otp_core::fault::{Fault, Res};
use otp_core::port::Stores;
use otp_core::time::Timestamp;
#[cfg(feature = "sqlite")]
use otp_sql::SqliteStore;
use secrecy::ExposeSecret;

use crate::config::{Config, ConfigError};
