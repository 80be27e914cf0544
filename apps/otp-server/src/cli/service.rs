//! Commands about the service itself: its schema, configuration, audit trails, secret key and mails.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Subcommand, ValueEnum};
use otp_core::audit::Witness;
use otp_core::email::EmailAddress;
use otp_core::locale::Locale;
use otp_core::mail::Sample;

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Applies what is pending
    ///
    /// All of it or nothing. Two that do so at once take turns, and the second finds nothing to do. Once for each release,
    /// before its servers start, where `serve` does not migrate by itself.
    #[command(after_help = example!("otp-server migrate up"))]
    Up {
        /// As JSON: {status, applied}
        #[arg(long)]
        json: bool,
    },
    /// Tells what is pending; exit code 1 if anything is
    ///
    /// `current`, `pending` or `newer`: a database that a later version has migrated is left alone, with exit code 3.
    #[command(after_help = example!("otp-server migrate status --json"))]
    Status {
        /// As JSON: {status, pending}
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Reads the configuration as `serve` would; exit code 3 if anything is wrong or missing
    ///
    /// Everything that is wrong is told at once, and on stderr which variables OTP_… are no settings. It connects to nothing: `otp-server doctor` does.
    #[command(after_help = example!("otp-server config check --config otp.toml"))]
    Check {
        /// As JSON: {status}
        #[arg(long)]
        json: bool,
    },
    /// Shows every value, secrets masked, and where it comes from
    ///
    /// One a line: name, value, origin (flag, environment, file named by …_FILE, configuration file, default) and what it
    /// means. Each plan there is, too, under plans.NAME.
    #[command(after_help = example!("otp-server config dump --json"))]
    Dump {
        /// As JSON: [{name, environment, value, origin}]
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Checks that audit trails are as they were sealed; exit code 1 and a line for whatever is not
    ///
    /// Edited, missing, swapped, inserted and cut entries are named. Entries younger than a second may not be sealed yet and
    /// are not covered. Have it run by the clock, and keep the line --expect of each customer where nobody who can write to
    /// the database can write, too.
    #[command(after_help = example!("otp-server audit verify --customer cust_0Qk4vWc8nTzR2mYb7LpXsd --json"))]
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
pub(crate) enum SecretCommand {
    /// Makes a fresh secret key
    ///
    /// 32 random octets in base 64. It is kept nowhere; every code, token and stored address depends on it once it is in use.
    #[command(after_help = example!("otp-server secret generate"))]
    Generate {
        /// As JSON: {secretKey}
        #[arg(long)]
        json: bool,
    },
    /// Seals everything stored anew, when OTP_SECRET_KEY has taken the place of another
    ///
    /// Set OTP_SECRET_KEY to the new key and OTP_SECRET_KEY_PREVIOUS to the old one in every process, restart them, then run this
    /// beside them; docs/deploying.md says how nobody notices. It may be cut off and run again. When it has finished,
    /// OTP_SECRET_KEY_PREVIOUS is needed no more: the old key is kept in the database, sealed under the new one, until the last
    /// session begun under it has ended. `oldKeys` says when that is. Exit code 3 if there is nothing to replace.
    #[command(after_help = example!("otp-server secret rotate --json"))]
    Rotate {
        /// As JSON: {key, root, customers, configurations, users, unreadable, oldKeys: [{key, until}]}
        #[arg(long)]
        json: bool,
    },
}

/// How a mail is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MailFormat {
    /// Sender, subject and text
    Text,
    /// The HTML part alone
    Html,
    /// {from, to, subject, text, html, locale}
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmailCommand {
    /// Shows a mail of the service as it would leave, with a code that opens nothing
    ///
    /// No database and no provider are needed. The sender is the configured one, or a made-up one.
    #[command(after_help = example!("otp-server email preview --kind signup --locale de --format html"))]
    Preview {
        /// Which mail
        #[arg(long, default_value = Sample::SignIn.as_str(), value_parser = kinds())]
        kind: Sample,
        /// In which language
        #[arg(long, default_value = Locale::En.as_str(), value_parser = locales())]
        locale: Locale,
        /// How to show it
        #[arg(long, value_enum, default_value_t = MailFormat::Text)]
        format: MailFormat,
    },
    /// Sends one sign-in mail, with a code that opens nothing, over the configured providers
    ///
    /// It tells which provider took it, or what each has said. Exit code 6 if none could be reached, 1 if it was refused. No
    /// database and no secret key are needed, and no limit is drawn.
    #[command(after_help = example!("otp-server email send-test --to ada@example.org"))]
    SendTest {
        /// To whom
        #[arg(long, value_name = "ADDRESS", value_parser = EmailAddress::parse)]
        to: EmailAddress,
        /// In which language
        #[arg(long, default_value = Locale::En.as_str(), value_parser = locales())]
        locale: Locale,
        /// As JSON: {mailId, outcome, providers: [{provider, outcome, detail}]}
        #[arg(long)]
        json: bool,
    },
}

fn kinds() -> impl TypedValueParser<Value = Sample> {
    PossibleValuesParser::new(Sample::ALL.map(Sample::as_str)).try_map(|kind| kind.parse::<Sample>())
}

fn locales() -> impl TypedValueParser<Value = Locale> {
    PossibleValuesParser::new(Locale::ALL.map(Locale::as_str))
        .try_map(|tag| Locale::from_tag(&tag).ok_or("no language of ours"))
}
