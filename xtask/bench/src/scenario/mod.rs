//! What is measured on each engine.

mod analytics;
mod cycles;
mod footprint;
mod growth;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use clap::ValueEnum;
use otp_testbed::port::free_port;
use serde::Serialize;

use crate::bare::Keeping;
use crate::load::{Target, Work};
use crate::measure::{Length, Sample, Subject};
use crate::process::{Process, pinned};
use crate::service::{Service, Setup};
use crate::stores::{Engine, Place, Stores};

pub(crate) use analytics::Asked;
pub(crate) use footprint::Footprint;
pub(crate) use growth::Growth;

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Cycles, and looking up who one is.
    pub(crate) rows: Vec<Row>,
    /// Start and memory.
    pub(crate) footprints: Vec<Footprint>,
    /// Many users, many tenants.
    pub(crate) growth: Vec<Growth>,
    /// A year of a customer.
    pub(crate) analytics: Vec<Asked>,
}

/// What is measured of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Cycles, and looking up who one is, beside the bare server.
    Cycles,
    /// Start and memory.
    Footprint,
    /// Many users, many tenants.
    Growth,
    /// A year of a customer.
    Analytics,
}

/// One thing that was measured.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// On what.
    pub(crate) engine: String,
    /// What.
    pub(crate) what: String,
    /// Connections that were busy.
    pub(crate) connections: usize,
    /// Of the service.
    pub(crate) service: Option<Sample>,
    /// Of the bare server on the same stores.
    pub(crate) bare: Option<Sample>,
    /// Why there is no figure.
    pub(crate) trouble: Option<String>,
}

impl Row {
    /// Nothing measured yet.
    fn new(engine: Engine, work: Work, connections: usize) -> Self {
        let what = match work {
            Work::SignIn => "cycles",
            Work::Me => "/auth/me",
        };
        Self {
            engine: engine.to_string(),
            what: what.to_owned(),
            connections,
            service: None,
            bare: None,
            trouble: None,
        }
    }
}

/// What all scenarios share.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    /// How long is measured.
    pub(crate) length: Length,
    /// Where the service mails to.
    pub(crate) mailbox: String,
}

impl Bench {
    /// Measures `part` on `engine`.
    pub(crate) async fn measure(&self, engine: Engine, part: Part, report: &mut Report) -> Result<()> {
        match part {
            Part::Cycles => report.rows.extend(self.cycles(engine).await?),
            Part::Footprint => report.footprints.push(self.footprint(engine).await?),
            Part::Growth => report.growth.extend(self.growth(engine).await?),
            Part::Analytics => report.analytics.extend(self.analytics(engine).await?),
        }
        Ok(())
    }

    /// The service on `place`, with `customers`.
    async fn service(&self, place: &Place, customers: usize) -> Result<Service> {
        let setup = Setup::new(place, &self.mailbox);
        setup.migrate()?;
        let customers = setup.register(customers)?;
        setup.serve(customers).await
    }

    /// A bare server on `place`.
    async fn bare(&self, keeping: Keeping, place: &Place) -> Result<Process> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = pinned(&std::env::current_exe()?.to_string_lossy());
        let name = keeping.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        command.args(["bare", &name, "--listen", &listen.to_string(), "--database", &place.database]);
        command.args(["--kv", place.kv.as_deref().unwrap_or_default()]);
        Process::start(command, listen).await
    }

    async fn measure_service(
        &self,
        service: &Service,
        stores: &Stores,
        work: Work,
        connections: usize,
    ) -> Result<Sample> {
        let subject = Subject { target: &service.target, process: &service.process, stores };
        subject.measure(work, connections, self.length).await
    }

    async fn measure_bare(&self, process: &Process, stores: &Stores, work: Work, connections: usize) -> Result<Sample> {
        let target = Arc::new(Target::bare(process.address()));
        Subject { target: &target, process, stores }.measure(work, connections, self.length).await
    }
}

/// The bare server to compare the service on `engine` with.
const fn bare_of(engine: Engine) -> Keeping {
    match engine {
        Engine::Sqlite => Keeping::Sqlite,
        Engine::Postgres => Keeping::Postgres,
        Engine::PostgresRedis => Keeping::PostgresRedis,
    }
}
