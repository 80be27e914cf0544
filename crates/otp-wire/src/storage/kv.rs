//! Limits kept elsewhere, from the URL that says where.

use std::sync::Arc;

use otp_core::fault::{Fault, Res};
use otp_core::port::LimitStore;
use secrecy::ExposeSecret;

use crate::config::{Config, ConfigError};

/// Whether limits are kept elsewhere. Connects to nothing.
///
/// # Errors
/// [`ConfigError`] when the URL cannot be read, or names a store this build has not got.
pub fn kv_is_apart(config: &Config) -> Result<bool, ConfigError> {
    let Some(url) = &config.kv else { return Ok(false) };
    match url.expose_secret().split_once("://") {
        #[cfg(feature = "redis")]
        Some(("redis" | "rediss", rest)) if !rest.is_empty() && otp_redis::reads(url.expose_secret()) => Ok(true),
        #[cfg(not(feature = "redis"))]
        Some(("redis" | "rediss", rest)) if !rest.is_empty() => {
            Err("kv: redis:// needs the feature `redis`, which this build has not got".to_owned().into())
        }
        _ => Err("kv: the URL is of the form redis://:PASSWORD@HOST:PORT or rediss://…".to_owned().into()),
    }
}

/// How much of what was drawn is still there when the store of limits was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Everything,
    /// All but the last two seconds.
    AllButSeconds,
    /// What was there at the last snapshot.
    Snapshot,
    /// Nothing.
    Nothing,
    /// It does not say.
    Unknown,
}

/// What the store of limits keeps; nothing, if limits are in the database. Connects to find out.
///
/// # Errors
/// `Misconfigured` when the URL cannot be read or the store would throw counters away, `Unavailable` when it cannot
/// be reached.
pub async fn kv_keeps(config: &Config) -> Res<Option<Kept>> {
    if !kv_is_apart(config).map_err(|error| Fault::misconfigured("storage.kv", error))? {
        return Ok(None);
    }
    #[cfg(feature = "redis")]
    if let Some(url) = &config.kv {
        use otp_redis::{Persistence, RedisLimits};
        let limits = RedisLimits::connect(url.expose_secret(), config.tls_ca_file.as_deref()).await?;
        return Ok(Some(match limits.persistence() {
            Persistence::Always => Kept::Everything,
            Persistence::EverySecond => Kept::AllButSeconds,
            Persistence::Snapshots => Kept::Snapshot,
            Persistence::None => Kept::Nothing,
            Persistence::Unknown => Kept::Unknown,
        }));
    }
    Ok(None)
}

/// Where limits are kept, if that is elsewhere.
pub(super) async fn open(config: &Config) -> Res<Option<Arc<dyn LimitStore>>> {
    if !kv_is_apart(config).map_err(|error| Fault::misconfigured("storage.kv", error))? {
        return Ok(None);
    }
    #[cfg(feature = "redis")]
    if let Some(url) = &config.kv {
        let limits = otp_redis::RedisLimits::connect(url.expose_secret(), config.tls_ca_file.as_deref()).await?;
        return Ok(Some(Arc::new(limits)));
    }
    Ok(None)
}
