//! The command line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use otp_core::tenant;
use otp_wire::config::{Config, ConfigError, Sources};

/// Sign-in by email one-time code, for many customers.
#[derive(Debug, Parser)]
#[command(
    name = "otp-server",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 not found, 6 dependency unreachable.\n\
                  Settings come from flags, then the environment, then --config FILE, then defaults; see `otp-server config dump`."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything for development: embedded database, demo customer, mailbox at /dev/inbox
    Dev {
        /// Begin anew: forget the database and every key
        #[arg(long)]
        reset: bool,
    },
    /// Runs the service
    Serve,
    /// Brings the database to the schema of this version
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Checks or shows the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Manages who runs the service
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Manages customers
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Manages the API keys of a customer
    #[command(subcommand)]
    Key(KeyCommand),
    /// Manages the secret key
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Asks a running service how it is: exit code 0 if the URL answers 2xx
    Healthcheck {
        /// For example http://127.0.0.1:8080/health/ready
        url: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Applies what is pending
    Up,
    /// Tells what is pending; exit code 1 if anything is
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Reads the configuration as `serve` would; exit code 3 if anything is wrong or missing
    Check,
    /// Shows every value, secrets masked, and where it comes from
    Dump {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Makes an operator key and shows it once
    Create {
        /// What to call it
        #[arg(long, default_value = "operator", value_parser = tenant::name)]
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Registers a customer and shows its first secret key once
    Create {
        /// What it is called, in its mails too
        #[arg(long, value_parser = tenant::name)]
        name: String,
        /// Who owns the account
        #[arg(long)]
        email: String,
        /// The company behind it
        #[arg(long, value_parser = tenant::name)]
        company_name: Option<String>,
        /// Its plan, unless the configured default
        #[arg(long)]
        plan: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a secret key and shows it once
    Create {
        /// The customer, cust_…
        customer: String,
        /// What to call it
        #[arg(long, default_value = "key", value_parser = tenant::name)]
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists the keys, the revoked ones too
    List {
        /// The customer, cust_…
        customer: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Takes a key back: refused at once, by a running server too
    Revoke {
        /// The customer, cust_…
        customer: String,
        /// The key, key_…
        key: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Makes a fresh secret key
    Generate,
}

/// Settings on the command line. Secrets are not among them: every process may read another's arguments.
#[derive(Debug, Args)]
pub(crate) struct SettingArgs {
    /// Configuration file, TOML
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port of the API
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    listen: Option<String>,
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
    /// Whether this process sends the mail
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
    pub(crate) fn read(&self) -> Result<Config, ConfigError> {
        self.read_with(BTreeMap::new())
    }

    /// The configuration, with `command` in place of the defaults.
    pub(crate) fn read_with(&self, command: BTreeMap<String, String>) -> Result<Config, ConfigError> {
        Config::read(&Sources { flags: self.flags(), environment: environment(), file: self.config.clone(), command })
    }

    fn flags(&self) -> BTreeMap<String, String> {
        let flags = [
            ("listen", &self.listen),
            ("public_url", &self.public_url),
            ("email_from", &self.email_from),
            ("tls_ca_file", &self.tls_ca_file),
            ("trusted_proxies", &self.trusted_proxies),
            ("default_plan", &self.default_plan),
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
