//! Log lines on stderr, and beside them traces, where this build has them.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::Failure;
use crate::config::{Config, LogFormat};

/// Begins logging as configured. Within a runtime.
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
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        Box::new(lines.json().flatten_event(true).with_filter(filter))
    } else {
        Box::new(lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter))
    };
    let layers = vec![lines];
    #[cfg(feature = "otlp")]
    let layers = layers.into_iter().chain(super::traces::layer()?).collect::<Vec<_>>();
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(|error| Failure::Failed(format!("logging could not begin: {error}")))
}

/// Tells the log of variables that nobody reads: one of them may be a setting, misspelt.
pub fn tell_unknown_variables(config: &Config) {
    for unknown in &config.unknown_variables {
        tracing::warn!("{unknown}");
    }
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
