//! `otp-server migrate`: the database schema.

use otp_wire::process::{Failure, SettingArgs};
use otp_wire::storage::{Schema, Storage};

use super::print;
use crate::cli::MigrateCommand;
use crate::output;

/// Applies pending migrations, or tells of them.
pub(crate) async fn run(settings: &SettingArgs, command: &MigrateCommand) -> Result<(), Failure> {
    let storage = Storage::open(&settings.read()?).await?;
    let done = match command {
        MigrateCommand::Up => storage.migrate().await.map_err(Failure::from).and_then(|()| output::line("up to date")),
        MigrateCommand::Status { json } => status(&storage, *json).await,
    };
    storage.close().await;
    done
}

async fn status(storage: &Storage, json: bool) -> Result<(), Failure> {
    let (status, pending) = match storage.schema().await? {
        Schema::Current => ("current", 0),
        Schema::Pending(pending) => ("pending", pending.len()),
        Schema::Extended => ("extended", 0),
        Schema::Outgrown => ("outgrown", 0),
    };
    print(json, &[("status", &status), ("pending", &pending)])?;
    match status {
        "current" | "extended" => Ok(()),
        "outgrown" => Err(Failure::Configuration(
            "the database is of a newer version, which this one cannot work with: run that".to_owned(),
        )),
        _ => Err(Failure::Failed(format!("{pending} migrations are pending: run `otp-server migrate up`"))),
    }
}
