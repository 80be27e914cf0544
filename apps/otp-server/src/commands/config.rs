//! `otp-server config`: what the service would run with.

use otp_wire::config::{Config, ConfigError, Origin};
use otp_wire::process::{Failure, Requirements, SettingArgs};
use serde_json::{Value, json};

use super::refusals;
use crate::cli::ConfigCommand;
use crate::output;

/// Checks or shows the configuration.
pub(crate) fn run(settings: &SettingArgs, command: &ConfigCommand) -> Result<(), Failure> {
    let config = settings.read()?;
    match command {
        ConfigCommand::Check { json } => {
            config.unknown_variables.iter().for_each(output::note);
            check(&config)?;
            if *json { output::line(json!({ "status": "ok" })) } else { output::line("ok") }
        }
        ConfigCommand::Dump { json } => dump(&entries(&config)?, *json),
    }
}

/// Fails with everything `serve` would end with, one after the other.
fn check(config: &Config) -> Result<(), Failure> {
    let lacks = Requirements::of(config).map(drop);
    let mut wrong = refusals(config);
    if wrong.is_empty() {
        return lacks;
    }
    wrong.extend(lacks.err().map(|failure| failure.text().to_owned()));
    Err(ConfigError(wrong).into())
}

/// A setting or a plan, as it is shown.
struct Entry {
    name: String,
    environment: Option<&'static str>,
    value: Value,
    origin: Origin,
    help: &'static str,
}

/// Every setting, then every plan.
fn entries(config: &Config) -> Result<Vec<Entry>, Failure> {
    let settings = config.dump().into_iter().map(|(setting, value, origin)| Entry {
        name: setting.name.to_owned(),
        environment: Some(setting.env),
        value: Value::String(value),
        origin,
        help: setting.help,
    });
    let mut entries: Vec<Entry> = settings.collect();
    for (name, plan, origin) in config.dump_plans() {
        let value = serde_json::to_value(plan).map_err(|error| Failure::Failed(error.to_string()))?;
        let help = "A plan; null is unlimited";
        entries.push(Entry { name: format!("plans.{name}"), environment: None, value, origin, help });
    }
    Ok(entries)
}

fn dump(entries: &[Entry], json: bool) -> Result<(), Failure> {
    if json {
        let entries = entries.iter().map(|Entry { name, environment, value, origin, .. }| {
            json!({ "name": name, "environment": environment, "value": value, "origin": origin.to_string() })
        });
        return output::line(Value::Array(entries.collect()));
    }
    let width = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or_default();
    entries.iter().try_for_each(|Entry { name, value, origin, help, .. }| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        output::line(format_args!("{name:<width$} {value:<40} {:<32} {help}", format!("({origin})")))
    })
}
