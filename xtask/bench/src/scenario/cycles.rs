//! Cycles, and looking up who one is: under load, and one at a time.

use anyhow::Result;

use super::{Bench, Row, bare_of};
use crate::load::Work;
use crate::service::Service;
use crate::stores::{Engine, Stores};

/// What is measured, with how many connections.
const LOADS: [(Work, usize); 3] = [(Work::SignIn, 64), (Work::SignIn, 1), (Work::Me, 64)];

impl Bench {
    /// Each load on the bare server and on the service, each on a fresh database.
    pub(super) async fn cycles(&self, engine: Engine) -> Result<Vec<Row>> {
        let stores = Stores::start(engine)?;
        let mut rows: Vec<Row> =
            LOADS.iter().map(|(work, connections)| Row::new(engine, *work, *connections)).collect();
        let bare = self.bare(bare_of(engine), &stores.fresh("bare")).await?;
        for (row, (work, connections)) in rows.iter_mut().zip(LOADS) {
            row.bare = Some(self.measure_bare(&bare, &stores, work, connections).await?);
        }
        drop(bare);
        match self.service(&stores.fresh("service"), 1).await {
            Ok(service) => self.load(&service, &stores, &mut rows).await?,
            Err(error) => rows.iter_mut().for_each(|row| row.trouble = Some(error.to_string())),
        }
        Ok(rows)
    }

    async fn load(&self, service: &Service, stores: &Stores, rows: &mut [Row]) -> Result<()> {
        for (row, (work, connections)) in rows.iter_mut().zip(LOADS) {
            row.service = Some(self.measure_service(service, stores, work, connections).await?);
        }
        Ok(())
    }
}
