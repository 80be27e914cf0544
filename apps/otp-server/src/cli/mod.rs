//! The command line: what can be asked of `otp-server`, and the help that teaches it.
//!
//! The first paragraph of a command's documentation is its line in lists, all of it its long help; below stands an
//! example that parses. `docs/command-line.md` is made of the same.

/// How the help of a command ends: with a way to use it.
macro_rules! example {
    ($command:literal) => {
        concat!("Example:\n  ", $command)
    };
}

mod account;
#[cfg(test)]
mod page;
mod service;
mod values;

pub(crate) use account::{CustomerCommand, KeyCommand, Kind, OperatorCommand, UserCommand};
pub(crate) use service::{AuditCommand, ConfigCommand, EmailCommand, MailFormat, MigrateCommand, SecretCommand};
pub(crate) use values::Person;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use otp_wire::process::{Exit, SettingArgs};
use reqwest::Url;

/// Sign-in by email one-time code, for many customers.
///
/// `otp-server dev` needs nothing and shows everything. `otp-server serve` is the service; the other commands do one
/// thing to its database or configuration, beside a running service or without one, and end.
#[derive(Debug, Parser)]
#[command(name = "otp-server", version, propagate_version = true, max_term_width = 120, after_help = ending())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is true of every command: told once, where the commands are listed.
fn ending() -> String {
    format!(
        "{}\n\nSettings come from flags, then the environment, then --config FILE, then defaults; `otp-server config dump` \
         shows each with its origin.\nData goes to stdout, everything else to stderr.\n{}",
        SettingArgs::secrets_told(),
        Exit::told(&Exit::ALL)
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything for development: embedded database, demo customer, mailbox at /dev/inbox
    ///
    /// Nothing has to be set. It listens on loopback only, applies migrations, makes a customer and keys, keeps them in
    /// otp-data/dev.env and shows every mail in a mailbox instead of sending it, unless OTP_EMAIL_URL says otherwise. --reset
    /// refuses a database that it did not make itself.
    #[command(after_help = example!("otp-server dev --reset"))]
    Dev {
        /// Begin anew: forget the database that `dev` made, and every key
        #[arg(long)]
        reset: bool,
    },
    /// Runs the service
    ///
    /// It answers the API and, unless OTP_WORKER=false, sends the mail. What it cannot run without it lists, with a fresh
    /// secret key, and ends with exit code 3. SIGTERM lets calls in flight finish.
    #[command(after_help = example!("otp-server serve --listen 0.0.0.0:8080 --public-url https://login.example.org"))]
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
    /// Shows the mails, or sends one as a trial
    #[command(subcommand)]
    Email(EmailCommand),
    /// Looks for what is wrong: configuration, clock, database, secret key, limits, mail, proxy
    ///
    /// It changes nothing and sends no mail, and works before the first start and beside a running service. Each line says
    /// what to do. Exit code 7 if anything is an error; warnings do not count.
    #[command(after_help = example!("otp-server doctor --json"))]
    Doctor {
        /// As JSON: [{check, status, detail, fix}]
        #[arg(long)]
        json: bool,
    },
    /// Prints the contract of the HTTP API
    ///
    /// An OpenAPI 3.1 document, as `GET /openapi.json` of a running service answers it: for generators of clients. It names
    /// the server by its public_url.
    #[command(after_help = example!("otp-server openapi --public-url https://login.example.org"))]
    Openapi,
    /// Asks a running service how it is
    ///
    /// Exit code 0 if the URL answers 2xx, 1 if it answers anything else, 6 if nobody answers within five seconds. For
    /// container and service managers, which need no curl then.
    #[command(after_help = example!("otp-server healthcheck http://127.0.0.1:8080/health/ready"))]
    Healthcheck {
        /// For example http://127.0.0.1:8080/health/ready
        #[arg(value_parser = values::http_url)]
        url: Url,
        /// As JSON: {status}
        #[arg(long)]
        json: bool,
    },
    /// Writes a script that completes commands and options in a shell
    ///
    /// bash: into /etc/bash_completion.d or ~/.local/share/bash-completion/completions; zsh: as _otp-server into a folder
    /// of $fpath; fish: into ~/.config/fish/completions.
    #[command(after_help = example!("otp-server completions bash"))]
    Completions {
        /// For which shell
        shell: Shell,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    /// Every command that does something, with the words that call it.
    fn commands() -> Vec<(String, clap::Command)> {
        fn below(words: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
            for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
                let words = format!("{words} {}", inner.get_name());
                if inner.has_subcommands() {
                    below(&words, inner, found);
                } else {
                    found.push((words, inner.clone()));
                }
            }
        }
        let mut found = Vec::new();
        below("otp-server", &Cli::command(), &mut found);
        found
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_itself_by_an_example_that_parses() {
        for (words, command) in commands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = help.strip_prefix("Example:\n  ").unwrap_or_else(|| panic!("{words} has no example"));
            assert!(example.starts_with(&words), "{words}: {example}");
            let parsed = Cli::try_parse_from(example.split_whitespace());
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            assert!(
                command.get_long_about().is_some_and(|about| about.to_string().contains("\n\n")),
                "{words}: no long help"
            );
        }
    }

    #[test]
    fn ids_in_examples_are_ids() {
        let examples: Vec<String> =
            commands().iter().filter_map(|(_, command)| Some(command.get_after_help()?.to_string())).collect();
        let words: BTreeSet<&str> = examples.iter().flat_map(|example| example.split_whitespace()).collect();
        let all = |prefix: &str, is_id: &dyn Fn(&str) -> bool| {
            let ids: Vec<_> = words.iter().filter(|word| word.starts_with(prefix)).collect();
            assert!(!ids.is_empty() && ids.iter().all(|id| is_id(id)), "{prefix}: {ids:?}");
        };
        all("cust_", &|id| id.parse::<otp_core::id::TenantId>().is_ok());
        all("key_", &|id| id.parse::<otp_core::id::KeyId>().is_ok());
    }

    #[test]
    fn settings_stand_under_their_own_heading_with_variable_and_default() {
        let help = Cli::command().render_long_help().to_string();
        let settings = help.split_once("Settings:").unwrap().1;
        for setting in otp_wire::config::SETTINGS {
            assert!(settings.contains(setting.env) && settings.contains(setting.default), "{}: {help}", setting.name);
        }
        let short = Cli::command().render_help().to_string();
        assert!(!short.contains("--log-format"), "{short}");
        for exit in Exit::ALL {
            assert!(short.contains(&format!("{} {}", exit.code(), exit.meaning())), "{short}");
        }
    }

    #[test]
    fn typos_are_answered_with_what_was_meant() {
        for (typed, meant) in [
            (["otp-server", "custmer", "list"].as_slice(), "customer"),
            (&["otp-server", "customer", "lst"], "list"),
            (&["otp-server", "serve", "--lisen", "127.0.0.1:1"], "--listen"),
            (&["otp-server", "email", "preview", "--locale", "dee"], "de"),
        ] {
            let error = Cli::try_parse_from(typed).unwrap_err();
            assert!(matches!(
                error.kind(),
                ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::InvalidValue
            ));
            assert!(error.to_string().contains(&format!("'{meant}'")), "{error}");
        }
    }
}
