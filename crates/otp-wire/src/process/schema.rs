//! The database has to have the schema of this binary before anything is done with it.

use std::time::Duration;

use otp_core::fault::{FaultKind, Res};

use crate::storage::{Schema, Storage};

/// How often a database whose migrations are somebody else's task is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whether migrations are pending; tells the log what to do about it.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_pending(storage: &Storage) -> Res<bool> {
    let pending = matches!(storage.schema().await?, Schema::Pending(_));
    if pending {
        tracing::warn!("migrations are pending: run `otp-server migrate up`");
    }
    Ok(pending)
}

/// Waits until somebody has applied them. A database that goes away meanwhile is waited for, too.
///
/// # Errors
/// When the database can be reached, but not read.
pub async fn migrated(storage: &Storage) -> Res<()> {
    loop {
        match storage.schema().await {
            Ok(Schema::Pending(_)) => {}
            Ok(Schema::Current | Schema::Newer) => return Ok(()),
            Err(fault) if fault.kind() == FaultKind::Unavailable => tracing::debug!(%fault, "still waiting"),
            Err(fault) => return Err(fault),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
