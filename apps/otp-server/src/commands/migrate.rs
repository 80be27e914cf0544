//! `otp-server migrate`: the database schema.

use otp_wire::process::{Failure, SettingArgs};
use otp_wire::storage::{Schema, Storage};

use crate::cli::MigrateCommand;
use crate::output;

/// Applies pending migrations, or tells of them.
pub(crate) async fn run(settings: &SettingArgs, command: &MigrateCommand) -> Result<(), Failure> {
    let storage = Storage::open(&settings.read()?).await?;
    let done = match command {
        MigrateCommand::Up { json } => up(&storage, *json).await,
        MigrateCommand::Status { json } => status(&storage, *json).await,
    };
    storage.close().await;
    done
}

async fn up(storage: &Storage, json: bool) -> Result<(), Failure> {
    let (status, pending) = match storage.schema().await? {
        Schema::Pending(pending) => ("current", pending),
        Schema::Extended => ("extended", Vec::new()),
        // What it is outgrown by, `migrate` says.
        Schema::Current | Schema::Outgrown => ("current", Vec::new()),
    };
    storage.migrate().await?;
    output::members(json, &[("status", status.into()), ("applied", pending.into())])
}

async fn status(storage: &Storage, json: bool) -> Result<(), Failure> {
    let (status, pending) = match storage.schema().await? {
        Schema::Current => ("current", 0),
        Schema::Pending(pending) => ("pending", pending.len()),
        Schema::Extended => ("extended", 0),
        Schema::Outgrown => ("outgrown", 0),
    };
    output::members(json, &[("status", status.into()), ("pending", pending.into())])?;
    match status {
        "current" | "extended" => Ok(()),
        "outgrown" => Err(Failure::Configuration(
            "the database is of a newer version, which this one cannot work with: run that".to_owned(),
        )),
        _ => Err(Failure::Failed(format!("{pending} migrations are pending: run `otp-server migrate up`"))),
    }
}
