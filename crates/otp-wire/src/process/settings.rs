//! Settings as arguments of a program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use crate::config::{Config, ConfigError, SETTINGS, Setting, Sources};

/// Under which heading the help of a program lists them.
pub const HEADING: &str = "Settings";
/// What the argument is called that names the configuration file.
const FILE: &str = "config";

/// Settings on the command line, one argument for each of [`SETTINGS`]. Secrets are not among them: every process
/// may read another's arguments.
#[derive(Debug)]
pub struct SettingArgs {
    file: Option<PathBuf>,
    flags: BTreeMap<String, String>,
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
        let (flags, file) = (self.flags.clone(), self.file.clone());
        Config::read(&Sources { flags, environment: environment(), file, command })
    }

    /// How the help of a program ends: the settings that are no arguments.
    pub fn secrets_told() -> String {
        let secrets = SETTINGS.iter().filter(|setting| setting.secret);
        let lines = secrets.map(|setting| format!("\n  {:<24} {}", setting.env, with_default(setting)));
        format!(
            "Secrets, in the environment, in a file named by …_FILE, or in --config FILE:{}",
            lines.collect::<String>()
        )
    }
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |setting: &Setting| matches.get_one::<String>(setting.name).cloned();
        let flags = open().filter_map(|setting| Some((setting.name.to_owned(), value(setting)?)));
        Ok(Self { file: matches.get_one(FILE).cloned(), flags: flags.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SettingArgs {
    fn augment_args(command: Command) -> Command {
        let file = argument(FILE).value_name("FILE").value_parser(value_parser!(PathBuf));
        let file = file.help("Configuration file, TOML: settings by their names in snake_case, and [plans.NAME]");
        let settings = open().map(|setting| {
            let help = format!("{} [env: {}]", with_default(setting), setting.env);
            // The short help of a command is about the command.
            argument(setting.name).value_name(setting.value).help(help).hide_short_help(true)
        });
        command.arg(file).args(settings)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The settings that anybody may see.
fn open() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| !setting.secret)
}

fn argument(name: &'static str) -> Arg {
    Arg::new(name).long(name.replace('_', "-")).global(true).help_heading(HEADING)
}

/// What a setting means, and what it is if nobody says so.
fn with_default(setting: &Setting) -> String {
    let Setting { help, default, .. } = setting;
    if default.is_empty() { (*help).to_owned() } else { format!("{help} [default: {default}]") }
}

/// The environment, as far as it is text.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
