//! Configuration: flags over environment over file over defaults, all errors at once.

mod layers;
mod settings;
mod typed;
mod variables;

pub use layers::{Origin, Sources, Value};
pub use settings::{SETTINGS, Setting};
pub use typed::{Config, LogFormat, MailRoute};
pub use variables::UnknownVariable;

use std::fmt;

/// Something is wrong with the configuration. Says what, where it came from and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl From<String> for ConfigError {
    fn from(text: String) -> Self {
        Self(vec![text])
    }
}
