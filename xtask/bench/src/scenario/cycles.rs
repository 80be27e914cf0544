//! Cycles, and looking up who one is: under load, and one at a time.

use anyhow::Result;

use super::{Bench, Row, bare_of};
use crate::load::Work;
use crate::measure::Sample;
use crate::stores::{Engine, Stores};

/// What is measured, with how many connections.
const LOADS: [(Work, usize); 3] = [(Work::SignIn, 64), (Work::SignIn, 1), (Work::Me, 64)];

impl Bench {
    /// Each load on the bare server and on the service, each on a fresh database: what one load leaves to
    /// be mailed must not be work of the next.
    pub(super) async fn cycles(&self, engine: Engine) -> Result<Vec<Row>> {
        let stores = Stores::start(engine)?;
        let mut rows = Vec::with_capacity(LOADS.len());
        for (number, (work, connections)) in LOADS.into_iter().enumerate() {
            let mut row = Row::new(engine, work, connections);
            let bare = self.bare(bare_of(engine), &stores.fresh(&format!("bare_{number}"))).await?;
            row.bare = Some(self.measure_bare(&bare, &stores, work, connections).await?);
            drop(bare);
            match self.on_fresh(&stores, &format!("service_{number}"), work, connections).await {
                Ok(sample) => row.service = Some(sample),
                Err(error) => row.trouble = Some(error.to_string()),
            }
            rows.push(row);
        }
        Ok(rows)
    }

    async fn on_fresh(&self, stores: &Stores, name: &str, work: Work, connections: usize) -> Result<Sample> {
        let service = self.service(&stores.fresh(name), 1).await?;
        self.measure_service(&service, stores, work, connections).await
    }
}
