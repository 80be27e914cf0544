//! What a server may forget.

use std::collections::HashMap;

use otp_core::fault::{Fault, FaultKind, Res};

use crate::connect::OP;
use crate::link::Link;

/// How much of what a server has answered it keeps when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// All of it: `appendfsync always`.
    Always,
    /// All but up to two seconds: `appendfsync everysec`.
    EverySecond,
    /// What was there at the last snapshot, or when the system last wrote the log.
    Snapshots,
    /// Nothing.
    None,
    /// It does not say: `CONFIG` is not permitted.
    Unknown,
}

/// Asks the server how it keeps what it is told, and warns of what it may lose.
///
/// # Errors
/// `Misconfigured` when it throws away keys for want of memory: a counter that is thrown away gives its
/// units back.
pub(crate) async fn ask(link: &Link) -> Res<Persistence> {
    let settings = match settings(link).await {
        Ok(settings) => settings,
        Err(fault) if fault.kind() == FaultKind::Unavailable => return Err(fault),
        Err(fault) => {
            tracing::warn!(%fault, "Redis does not tell its settings: see to it that it neither evicts nor forgets");
            return Ok(Persistence::Unknown);
        }
    };
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|set| set == value);
    if !is("maxmemory-policy", "noeviction") {
        let what = "Redis may evict counters of limits: set `maxmemory-policy noeviction`";
        return Err(Fault::misconfigured(OP, what));
    }
    let persistence = match (is("appendonly", "yes"), is("save", "")) {
        (true, _) if is("appendfsync", "always") => Persistence::Always,
        (true, _) if is("appendfsync", "everysec") => Persistence::EverySecond,
        (false, true) => Persistence::None,
        (true | false, _) => Persistence::Snapshots,
    };
    match persistence {
        Persistence::Always | Persistence::Unknown => {}
        Persistence::EverySecond => tracing::info!("Redis may lose two seconds of draws when it is killed"),
        Persistence::Snapshots => tracing::warn!("Redis loses all draws since its last snapshot when it is killed"),
        Persistence::None => tracing::warn!("Redis loses all draws when it is killed: set `appendonly yes`"),
    }
    Ok(persistence)
}

async fn settings(link: &Link) -> Res<HashMap<String, String>> {
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg("maxmemory-policy").arg("appendonly").arg("appendfsync").arg("save");
    link.ask(OP, &command).await
}
