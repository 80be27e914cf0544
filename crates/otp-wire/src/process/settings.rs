//! Settings as arguments of a program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, ConfigError, Sources};

/// Settings on the command line. Secrets are not among them: every process may read another's arguments.
#[derive(Debug, Args)]
pub struct SettingArgs {
    /// Configuration file, TOML
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port of the API
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Address and port of /metrics; empty for none
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    metrics_listen: Option<String>,
    /// Where clients reach it
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Sender of mail
    #[arg(long, global = true, value_name = "SENDER")]
    email_from: Option<String>,
    /// PEM file of further root certificates
    #[arg(long, global = true, value_name = "FILE")]
    tls_ca_file: Option<String>,
    /// Networks whose X-Forwarded-For is believed
    #[arg(long, global = true, value_name = "CIDR,…")]
    trusted_proxies: Option<String>,
    /// Plan of a new customer
    #[arg(long, global = true, value_name = "PLAN")]
    default_plan: Option<String>,
    /// Whether anybody may open an account: open, closed
    #[arg(long, global = true, value_name = "WHO")]
    signup: Option<String>,
    /// Whether serve sends the mail itself
    #[arg(long, global = true, value_name = "BOOL")]
    worker: Option<String>,
    /// Whether serve applies pending migrations
    #[arg(long, global = true, value_name = "BOOL")]
    migrate: Option<String>,
    /// What to log
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How to log: json, text, auto
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl SettingArgs {
    /// The configuration as it is.
    ///
    /// # Errors
    /// [`ConfigError`], with everything that is wrong at once.
    pub fn read(&self) -> Result<Config, ConfigError> {
        self.read_with(BTreeMap::new())
    }

    /// The configuration, with `command` in place of the defaults.
    ///
    /// # Errors
    /// [`ConfigError`], with everything that is wrong at once.
    pub fn read_with(&self, command: BTreeMap<String, String>) -> Result<Config, ConfigError> {
        Config::read(&Sources { flags: self.flags(), environment: environment(), file: self.config.clone(), command })
    }

    fn flags(&self) -> BTreeMap<String, String> {
        let flags = [
            ("listen", &self.listen),
            ("metrics_listen", &self.metrics_listen),
            ("public_url", &self.public_url),
            ("email_from", &self.email_from),
            ("tls_ca_file", &self.tls_ca_file),
            ("trusted_proxies", &self.trusted_proxies),
            ("default_plan", &self.default_plan),
            ("signup", &self.signup),
            ("worker", &self.worker),
            ("migrate", &self.migrate),
            ("log", &self.log),
            ("log_format", &self.log_format),
        ];
        flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
    }
}

/// The environment, as far as it is text.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
