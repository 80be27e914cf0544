//! Log lines on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Failure;
use crate::config::{Config, LogFormat};

/// Begins logging as configured.
///
/// # Errors
/// [`Failure::Configuration`] when the filter cannot be read, [`Failure::Failed`] when the process logs already.
pub fn begin(config: &Config) -> Result<(), Failure> {
    let filter = filter(config)?;
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let begun = if json {
        registry.with(lines.json().flatten_event(true)).try_init()
    } else {
        registry.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init()
    };
    begun.map_err(|error| Failure::Failed(format!("logging could not begin: {error}")))
}

/// Which lines are written.
///
/// # Errors
/// [`Failure::Configuration`] when that cannot be read.
pub fn filter(config: &Config) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&config.log).map_err(|_| {
        Failure::Configuration("log is not a level (error, warn, info, debug) or a list of target=level".to_owned())
    })
}
