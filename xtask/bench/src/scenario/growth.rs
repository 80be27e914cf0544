//! Growth: what a cycle costs with many users, and with many tenants.

use anyhow::Result;
use serde::Serialize;

use super::Bench;
use crate::load::Work;
use crate::measure::Sample;
use crate::seed;
use crate::service::Setup;
use crate::stores::{Engine, Stores};

/// Connections that are busy.
const BUSY: usize = 64;
/// Users there are, and tenants they are spread over: the least and the most of each.
const SIZES: [(u64, usize); 4] = [(1_000, 1), (1_000_000, 1), (1_000, 1_000), (1_000_000, 1_000)];

/// What a cycle costs at one size.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Growth {
    /// On what.
    pub(crate) engine: String,
    /// Users there are.
    pub(crate) users: u64,
    /// Tenants there are; all are used in turn.
    pub(crate) tenants: usize,
    /// What was measured.
    pub(crate) sample: Sample,
}

impl Bench {
    /// Cycles at each size, each on a fresh database.
    pub(super) async fn growth(&self, engine: Engine) -> Result<Vec<Growth>> {
        let stores = Stores::start(engine)?;
        let mut grown = Vec::with_capacity(SIZES.len());
        for (users, tenants) in SIZES {
            let place = stores.fresh(&format!("users_{users}_tenants_{tenants}"));
            let setup = Setup::new(&place, &self.mailbox);
            setup.migrate()?;
            let customers = setup.register(tenants)?;
            for customer in &customers {
                seed::users(&place.database, &customer.id().to_string(), users / tenants as u64).await?;
            }
            let service = setup.serve(customers).await?;
            let sample = self.measure_service(&service, &stores, Work::SignIn, BUSY).await?;
            grown.push(Growth { engine: engine.to_string(), users, tenants, sample });
        }
        Ok(grown)
    }
}
