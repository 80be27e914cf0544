//! Footprint: how long the service takes to start, what memory it holds, and whether idle connections
//! are in the way of busy ones.

use anyhow::{Result, ensure};
use serde::Serialize;

use super::Bench;
use crate::http::Connection;
use crate::load::Work;
use crate::measure::Sample;
use crate::stores::{Engine, Stores};

/// Connections that are busy.
const BUSY: usize = 64;
/// Connections that are open and idle.
const IDLE: usize = 4096;

/// What the service takes up on one engine. Memory in octets, times in microseconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Footprint {
    /// On what.
    pub(crate) engine: String,
    /// From its start until it was ready.
    pub(crate) started_in: u64,
    /// Memory once it is ready.
    pub(crate) idle: u64,
    /// Memory after it was busy.
    pub(crate) after_load: u64,
    /// Memory with the idle connections open, after it was busy.
    pub(crate) crowded: u64,
    /// Cycles without idle connections.
    pub(crate) alone_cycles: Sample,
    /// Cycles with them.
    pub(crate) crowded_cycles: Sample,
}

impl Bench {
    /// The service on a fresh database.
    pub(super) async fn footprint(&self, engine: Engine) -> Result<Footprint> {
        let stores = Stores::start(engine)?;
        let service = self.service(&stores.fresh("service"), 1).await?;
        let idle = service.process.resident()?;
        let alone_cycles = self.measure_service(&service, &stores, Work::SignIn, BUSY).await?;
        let after_load = service.process.resident()?;

        let mut open = Vec::with_capacity(IDLE);
        for _ in 0..IDLE {
            let mut connection = Connection::open(service.process.address()).await?;
            ensure!(connection.get("/health/live", "").await?.status == 200, "an idle connection was refused");
            open.push(connection);
        }
        let crowded_cycles = self.measure_service(&service, &stores, Work::SignIn, BUSY).await?;
        let crowded = service.process.resident()?;
        for connection in &mut open {
            ensure!(connection.get("/health/live", "").await?.status == 200, "an idle connection was closed");
        }
        Ok(Footprint {
            engine: engine.to_string(),
            started_in: u64::try_from(service.process.started_in().as_micros())?,
            idle,
            after_load,
            crowded,
            alone_cycles,
            crowded_cycles,
        })
    }
}
