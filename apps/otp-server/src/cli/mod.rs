//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use otp_core::audit::Witness;
use otp_core::tenant;
use otp_core::tenants::LONGEST_GRACE;
use otp_wire::process::SettingArgs;

/// Seconds a rotated key works on at most, and unless told otherwise.
const GRACE: u64 = LONGEST_GRACE.as_secs();

/// Sign-in by email one-time code, for many customers.
#[derive(Debug, Parser)]
#[command(
    name = "otp-server",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 not found, 6 dependency unreachable, 7 doctor found errors.\n\
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
    /// Shows or erases what is held on a user
    #[command(subcommand)]
    User(UserCommand),
    /// Checks the audit trails
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Manages the secret key
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Looks for what is wrong: configuration, clock, database, limits, mail, proxy; exit code 7 if anything is
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
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
    /// Lists the customers, the newest first
    List {
        /// As JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Serves a customer no more, until it is activated again
    Suspend {
        /// The customer, cust_…
        customer: String,
        /// Why, for the audit trail and the mail to the owner
        #[arg(long)]
        reason: Option<String>,
    },
    /// Serves a suspended customer again
    Activate {
        /// The customer, cust_…
        customer: String,
        /// Why, for the audit trail and the mail to the owner
        #[arg(long)]
        reason: Option<String>,
    },
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A server
    Secret,
    /// Pages, where anybody can read it
    Publishable,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a key and shows it once
    Create {
        /// The customer, cust_…
        customer: String,
        /// What to call it
        #[arg(long, default_value = "key", value_parser = tenant::name)]
        name: String,
        /// What it is for
        #[arg(long, value_enum, default_value_t = Kind::Secret)]
        kind: Kind,
        /// In test mode: no mail is sent, and the code is always the same
        #[arg(long)]
        test: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Makes a key that takes the place of another, which works on for a while
    Rotate {
        /// The customer, cust_…
        customer: String,
        /// The key, key_…
        key: String,
        /// For how long the old one works on
        #[arg(long, default_value_t = GRACE, value_parser = clap::value_parser!(u64).range(0..=GRACE))]
        grace_seconds: u64,
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
pub(crate) enum AuditCommand {
    /// Checks that audit trails are as they were sealed; exit code 1 and a line for whatever is not
    Verify {
        /// One customer, cust_…; unless all of them and the service itself
        #[arg(long)]
        customer: Option<String>,
        /// What was printed earlier for that customer, NUMBER:MAC: finds out a whole trail put back from an older copy
        #[arg(long, requires = "customer")]
        expect: Option<Witness>,
        /// As JSON, one trail a line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Shows everything held on a user, as JSON
    Export {
        /// The customer, cust_…
        customer: String,
        /// The user, user_… or his email address
        user: String,
        /// The user of the test mode
        #[arg(long)]
        test: bool,
    },
    /// Erases a user, his sessions, and codes and mails on their way to him
    Erase {
        /// The customer, cust_…
        customer: String,
        /// The user, user_… or his email address
        user: String,
        /// The user of the test mode
        #[arg(long)]
        test: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Makes a fresh secret key
    Generate,
}
