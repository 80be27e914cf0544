//! Whether the stores answer, each asked something small.

use std::time::{Duration, Instant};

use otp_core::fault::Res;
use otp_core::keys::Subject;
use otp_core::limit::{Draw, HOUR, LimitKey, Rule, Window};
use otp_core::port::{Backlog, Stores};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use super::{Check, Health};
use crate::problem;

/// How long a store may take before it counts as down.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a due entry may wait in the outbox before something is wrong with whoever empties it.
const OVERDUE: Duration = Duration::from_secs(60);

/// How database and outbox are, which one question answers.
pub(super) async fn database(stores: &Stores, now: Timestamp) -> (Check, Check) {
    let begun = Instant::now();
    let (database, outbox) = match backlog(stores, now).await {
        Some(Backlog { waiting: _, oldest_due }) => {
            let late = oldest_due.is_some_and(|due| due.until(now) > OVERDUE);
            (Health::Healthy, if late { Health::Degraded } else { Health::Healthy })
        }
        None => (Health::Unhealthy, Health::Unhealthy),
    };
    (Check::new(database, begun), Check::new(outbox, begun))
}

/// How the store of limits is, if that is another one.
pub(super) async fn kv(stores: &Stores, now: Timestamp) -> Option<Check> {
    if !stores.limits_apart {
        return None;
    }
    let begun = Instant::now();
    // Nobody's counter, looked at and never drawn.
    let key = LimitKey { realm: Realm::SERVICE, rule: Rule::ClientHour, subject: Subject::from_bytes([0; 32]) };
    let look = [Draw::new(key, 1, Window::Sliding(HOUR))];
    let status = match in_time(stores.limits.usage(&look, now)).await {
        Some(_) => Health::Healthy,
        None => Health::Unhealthy,
    };
    Some(Check::new(status, begun))
}

/// Which store is down, if one is.
pub(super) async fn down(stores: &Stores, now: Timestamp) -> Option<&'static str> {
    let (database, kv) = futures::join!(backlog(stores, now), kv(stores, now));
    match (database, kv) {
        (None, _) => Some("database unavailable"),
        (Some(_), Some(kv)) if kv.status == Health::Unhealthy => Some("kv unavailable"),
        (Some(_), _) => None,
    }
}

/// What waits in the outbox; nothing if the database does not say so in time.
async fn backlog(stores: &Stores, now: Timestamp) -> Option<Backlog> {
    in_time(stores.challenges.backlog(now)).await
}

/// What a store answers; nothing if it faults or takes too long.
async fn in_time<T>(asked: impl Future<Output = Res<T>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(fault)) => {
            problem::log(&fault);
            None
        }
        Err(_) => {
            tracing::error!("a store took too long to answer");
            None
        }
    }
}
