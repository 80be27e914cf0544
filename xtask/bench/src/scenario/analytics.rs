//! Analytics: how long a customer waits for the figures of a year of his.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use otp_core::effect::{Counter, Effect, Who};
use otp_core::id::{TenantId, UserId};
use otp_core::limit::DAY;
use otp_core::port::{Analytics as _, Clock as _, Outbox as _, Traffic, TrafficLog as _};
use otp_core::realm::Realm;
use otp_core::system::SystemClock;
use otp_core::time::Timestamp;
use otp_sql::SqlStore;
use serde::Serialize;

use super::Bench;
use crate::http::Connection;
use crate::seed;
use crate::service::Setup;
use crate::stores::{Engine, Stores};

/// Days of traffic.
const DAYS: u32 = 365;
/// Sign-ins on each.
const LOGINS: u32 = 1_000;
/// Users they are of.
const USERS: u32 = 10_000;
/// Calls of each question.
const CALLS: usize = 50;

/// How long one question took.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    /// On what.
    pub(crate) engine: String,
    /// The question, as it is asked over HTTP.
    pub(crate) path: String,
    /// In the middle, in milliseconds.
    pub(crate) p50: f64,
    /// At the longest.
    pub(crate) max: f64,
}

impl Bench {
    /// Every question to a year of a busy customer.
    pub(super) async fn analytics(&self, engine: Engine) -> Result<Vec<Asked>> {
        let stores = Stores::start(engine)?;
        let place = stores.fresh("a_year");
        let setup = Setup::new(&place, &self.mailbox);
        setup.migrate()?;
        let customers = setup.register(1)?;
        let (tenant, headers) = (customers[0].id(), customers[0].credentials().to_owned());
        fill(&place.database, tenant, SystemClock.now()).await?;
        let service = setup.serve(customers).await?;
        let mut connection = Connection::open(service.process.address()).await?;
        let today = SystemClock.now().day();
        let day = |ago: u32| today.minus(ago * DAY).to_string()[..10].to_owned();
        let mut asked = Vec::new();
        for path in [
            "/admin/analytics".to_owned(),
            format!("/admin/analytics?startDate={}", day(DAYS - 1)),
            format!("/admin/analytics?granularity=month&startDate={}", day(DAYS - 1)),
            format!("/admin/analytics?granularity=hour&startDate={}", day(30)),
            "/admin/analytics/realtime".to_owned(),
            "/admin/analytics/errors".to_owned(),
        ] {
            let mut times = Vec::with_capacity(CALLS);
            for _ in 0..CALLS {
                let begun = Instant::now();
                let answer = connection.get(&path, &headers).await?;
                times.push(begun.elapsed());
                if answer.status != 200 {
                    bail!("{path}: {} {}", answer.status, String::from_utf8_lossy(answer.body));
                }
            }
            times.sort_unstable();
            let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
            let (p50, max) = (millis(times[CALLS / 2]), millis(times[CALLS - 1]));
            asked.push(Asked { engine: engine.to_string(), path, p50, max });
        }
        Ok(asked)
    }
}

/// A year of traffic, counted and rolled up as the service does it.
async fn fill(database: &str, tenant: TenantId, now: Timestamp) -> Result<()> {
    let store = match database.strip_prefix("sqlite://") {
        Some(path) => SqlStore::sqlite(path).await?,
        None => SqlStore::postgres(database, None).await?,
    };
    let realm = Realm::live(tenant);
    for days_ago in (0..DAYS).rev() {
        let midnight = now.minus(days_ago * DAY).day();
        let times = (0..LOGINS).map(|n| midnight.plus(DAY * n / LOGINS)).filter(|at| *at <= now);
        let (mut seen, mut counts) = (Vec::new(), Vec::new());
        for (n, at) in (0u32..).zip(times) {
            // A step without a common divisor, so that each day has a thousand others.
            let user = UserId::from_u128(u128::from((days_ago * LOGINS + n) * 7_919 % USERS));
            seen.push(Effect::Seen { realm, who: Who::User(user), at });
            for (counter, count) in [
                (Counter::OtpRequests, 1),
                (Counter::OtpVerifications, 1),
                (Counter::SuccessfulLogins, 1),
                (Counter::EmailsSent, 1),
                (Counter::ApiCalls, 4),
                (Counter::ResponseMicros, 4_000),
            ] {
                counts.push((realm, at.minute(), counter, count));
            }
        }
        store.append(seen, now).await?;
        store.record(Traffic { counts, ..Traffic::default() }).await?;
    }
    while store.roll_up(now).await? > 0 {}
    store.close().await;
    if database.starts_with("postgres://") { seed::vacuum(database).await } else { Ok(()) }
}
