//! The database has to have the schema of this binary before anything is served from it.

use std::time::Duration;

use otp_core::fault::Res;
use otp_wire::config::Config;
use otp_wire::storage::{Schema, Storage};

use super::Listening;
use crate::exit::Failure;

/// How often a database whose migrations are somebody else's task is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Applies pending migrations if configured to; else answers "not ready" until `migrate up` has run.
/// Answers whether the schema is current: it is not if a signal asked to stop first.
pub(super) async fn await_current(
    config: &Config,
    storage: &Storage,
    listening: &mut Listening,
) -> Result<bool, Failure> {
    if config.migrate {
        storage.migrate().await?;
    } else if matches!(storage.schema().await?, Schema::Pending(_)) {
        tracing::warn!("migrations are pending: run `otp-server migrate up`");
        let waiting = otp_http::waiting("migrations are pending", &config.public_url);
        let Some(current) = listening.serve_until(waiting, current(storage)).await? else { return Ok(false) };
        current?;
    }
    storage.require_current().await?;
    Ok(true)
}

async fn current(storage: &Storage) -> Res<()> {
    while matches!(storage.schema().await?, Schema::Pending(_)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
