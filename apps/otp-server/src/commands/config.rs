//! `otp-server config`: what the service would run with.

use otp_wire::mail::Mail;
use otp_wire::process::{Failure, Requirements, SettingArgs, logging};
use otp_wire::storage::{Database, kv_is_apart};
use serde_json::json;

use crate::cli::ConfigCommand;
use crate::output;

/// Checks or shows the configuration.
pub(crate) fn run(settings: &SettingArgs, command: &ConfigCommand) -> Result<(), Failure> {
    let config = settings.read()?;
    match command {
        ConfigCommand::Check { json } => {
            Requirements::of(&config)?;
            logging::filter(&config)?;
            Mail::wire(&config)?;
            Database::of(&config)?;
            kv_is_apart(&config)?;
            if *json { output::line(json!({ "status": "ok" }))? } else { output::line("ok")? }
        }
        ConfigCommand::Dump { json: true } => {
            let values = config.dump().into_iter().map(|(setting, value, origin)| {
                json!({ "name": setting.name, "environment": setting.env, "value": value, "origin": origin.to_string() })
            });
            output::line(serde_json::Value::Array(values.collect()))?;
        }
        ConfigCommand::Dump { json: false } => {
            for (setting, value, origin) in config.dump() {
                output::line(format_args!(
                    "{:<16} {:<40} {:<32} {}",
                    setting.name,
                    value,
                    format!("({origin})"),
                    setting.help
                ))?;
            }
        }
    }
    Ok(())
}
