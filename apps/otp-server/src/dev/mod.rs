//! `otp-server dev`: everything a newcomer needs, with nothing to configure and nobody outside to reach it.

mod inbox;
mod keys;
mod page;
mod welcome;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use otp_wire::config::Config;
use otp_wire::mail::Mail;
use otp_wire::process::{Failure, Measures, Requirements, SettingArgs, logging};
use otp_wire::storage::{Database, Exclusive, Storage};

use crate::commands::exists;
use crate::output;
use crate::serve::{Listening, Service};
use keys::{DevKeys, secret_key};

/// Runs the service for development.
pub(crate) async fn run(settings: &SettingArgs, reset: bool) -> Result<(), Failure> {
    let config = settings.read_with(defaults())?;
    if !config.listen.ip().is_loopback() {
        return Err(Failure::Configuration(format!(
            "{} is not a loopback address: `dev` has a mailbox anybody could read, so it is for this machine alone; use `serve`",
            config.listen
        )));
    }
    logging::begin(&config)?;
    let measures = Measures::begin(&config).await?;
    let database = file(&config)?;
    let exclusive = Exclusive::of(&config)?;
    let folder = database.parent().map(Path::to_path_buf).unwrap_or_default();
    let is_ours = is_ours(&database, &folder)?;
    if reset {
        require_ours(is_ours, &database, &folder)?;
        // Beside a database that is yet to be made, the key may be somebody else's.
        if keys::are_of(&database, &folder) {
            forget(&database, &folder)?;
        }
    }
    if is_ours {
        keys::mark(&database, &folder)?;
    }
    let storage = Storage::open(&config).await?;
    storage.migrate().await?;
    if let Some(exclusive) = &exclusive {
        storage.release_leases(exclusive).await?;
    }
    let listening = Listening::bind(&config).await?;
    let config = settings.read_with(on(&listening))?;
    let sender = config.email_from.clone().ok_or_else(|| Failure::Configuration("email_from is empty".to_owned()))?;
    let master = match &config.secret_key {
        Some(master) => master.clone(),
        None => secret_key(&folder)?,
    };
    let mail = Mail::wire(&config)?;
    let mailbox = mail.inbox.clone();
    let requirements = Requirements { master, previous: config.secret_key_previous.clone(), sender };
    let service = Service::open(config.clone(), requirements, storage, mail, measures).await?;
    let keys = DevKeys::ready(is_ours.then_some(&database), &folder, &service.deployment, &config.public_url).await?;
    output::line(welcome::text(&keys, &config, mailbox.is_some()))?;
    let mailbox = mailbox.map(inbox::router).unwrap_or_default();
    let router = otp_http::router_with(service.services(true), mailbox);
    let served = service.serve(listening, router).await;
    drop(exclusive);
    served
}

/// What stands in for settings nobody made.
fn defaults() -> BTreeMap<String, String> {
    let defaults =
        [("email", "inbox://"), ("email_from", "OTP <no-reply@localhost>"), ("log", "warn"), ("metrics_listen", "")];
    defaults.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The same, once it is known where the service listens: with port 0, the system chose.
fn on(listening: &Listening) -> BTreeMap<String, String> {
    let mut values = defaults();
    values.insert("public_url".to_owned(), format!("http://{}", listening.address()));
    values
}

/// The database, in whose folder the keys are, too.
fn file(config: &Config) -> Result<PathBuf, Failure> {
    match Database::of(config)? {
        Database::File(path) => Ok(path),
        Database::Server(_) => Err(Failure::Configuration(
            "database: `dev` keeps everything in one folder and takes an embedded database: leave OTP_DATABASE_URL \
             unset, or use `serve`"
                .to_owned(),
        )),
    }
}

/// Whether the database was made by `dev`, or will be now.
fn is_ours(database: &Path, folder: &Path) -> Result<bool, Failure> {
    Ok(!exists(database)? || keys::are_of(database, folder))
}

/// Settings may name any database, and one that a service lives on is not begun anew.
fn require_ours(is_ours: bool, database: &Path, folder: &Path) -> Result<(), Failure> {
    if is_ours {
        return Ok(());
    }
    Err(Failure::Configuration(format!(
        "{file} was not made by `dev`, or {kept} would say so, and --reset would delete it: unset OTP_DATABASE_URL and \
         `database` in --config, or delete it yourself",
        file = database.display(),
        kept = keys::env_file(folder).display(),
    )))
}

/// Removes what an earlier run left, and nothing else that may stand in the folder.
fn forget(database: &Path, folder: &Path) -> Result<(), Failure> {
    let beside = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    // What says that they are ours goes last, lest the rest stay for good when this is cut off.
    for file in
        [database.to_path_buf(), beside("-wal"), beside("-shm"), keys::secret_file(folder), keys::env_file(folder)]
    {
        keys::remove(&file)
            .map_err(|error| Failure::Failed(format!("{} cannot be removed: {error}", file.display())))?;
    }
    Ok(())
}
