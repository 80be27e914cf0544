//! The database has to have a schema that serves this binary before anything is done with it, and for as long.

use std::time::Duration;

use otp_core::fault::{FaultKind, Res};

use crate::storage::{Schema, Storage};

/// How often a database whose migrations are somebody else's task is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a running process makes sure that no later version has taken its tables away. Each look is a connection.
const MAKE_SURE_EVERY: Duration = Duration::from_secs(5);

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
            Ok(Schema::Current | Schema::Extended | Schema::Outgrown) => return Ok(()),
            Err(fault) if fault.kind() == FaultKind::Unavailable => tracing::debug!(%fault, "still waiting"),
            Err(fault) => return Err(fault),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until a later version has taken away what this one works with, and tells the log. What was only added to is
/// none of its business.
pub async fn outgrown(storage: &Storage) {
    // Whether the database answers is told by whoever needs it.
    while !matches!(storage.schema().await, Ok(Schema::Outgrown)) {
        tokio::time::sleep(MAKE_SURE_EVERY).await;
    }
    tracing::error!("the database is of a newer version, which this one cannot work with: run that");
}
