//! `otp-worker run`: from configuration to the last mail.

use std::time::Duration;

use otp_core::deployment::Deployment;
use otp_core::relay::Relay;
use otp_core::upkeep::Upkeep;
use otp_wire::bell::ProcessBell;
use otp_wire::mail::Mail;
use otp_wire::process::{
    Failure, Measures, Requirements, SettingArgs, Termination, TrafficTask, Work, logging, schema,
};
use otp_wire::storage::{Database, Storage};

/// How often the relay looks for mail. Nobody rings: all of it is queued by other processes, and
/// whoever waits for a code waits this much longer.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Carries mail until a signal asks to stop, or a later version has taken away the tables; then lets what is under way
/// finish, gives leases back and closes the store.
pub(crate) async fn run(settings: &SettingArgs) -> Result<(), Failure> {
    let config = settings.read()?;
    logging::begin(&config)?;
    // First of all: one of them may be what is missing.
    logging::tell_unknown_variables(&config);
    let requirements = Requirements::of(&config)?;
    if let Database::File(_) = Database::of(&config)? {
        return Err(Failure::Configuration(
            "database: an embedded database takes one `otp-server serve` process, which sends its mail itself. \
             A worker beside it needs Postgres: OTP_DATABASE_URL=postgres://…"
                .to_owned(),
        ));
    }
    let mut measures = Measures::begin(&config).await?;
    let mail = Mail::wire(&config)?;
    let storage = Storage::open(&config).await?;
    let mut termination = Termination::heard()?;
    if schema::is_pending(&storage).await? {
        match termination.or(schema::migrated(&storage)).await {
            Some(migrated) => migrated?,
            None => {
                storage.close().await;
                return Ok(());
            }
        }
    }
    storage.require_served().await?;
    let deployment = Deployment::builder(requirements.master, storage.stores())
        .previous(requirements.previous)
        .plans(config.plans)
        .open()
        .await?;
    let upkeep = Upkeep::new(deployment.clone());
    let traffic = TrafficTask::begin(deployment.clone());
    let relay = Relay::new(deployment, mail.mailer, requirements.sender).linking_to(config.public_url);
    measures.watch_outbox(&storage);
    let work = Work::begin(relay, upkeep, ProcessBell::looking_every(LOOK_EVERY), storage.clone());
    tracing::info!("ready");
    let outgrown = termination.or(schema::outgrown(&storage)).await;
    tracing::info!("stopping");
    work.end().await;
    traffic.end().await;
    drop(measures);
    let served = if outgrown.is_some() { storage.require_served().await } else { Ok(()) };
    storage.close().await;
    tracing::info!("stopped");
    Ok(served?)
}
