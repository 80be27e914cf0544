//! `otp-server serve`: the life of the service, from configuration to the last answer.

mod drain;
mod http;

pub(crate) use http::Listening;

use std::sync::Arc;
use std::time::Duration;

use otp_core::deployment::Deployment;
use otp_core::mail::Sender;
use otp_core::otp::Otp;
use otp_core::relay::Relay;
use otp_core::sessions::Sessions;
use otp_core::signup::Signup;
use otp_core::tenants::Tenants;
use otp_core::token::TenantKeys;
use otp_core::upkeep::Upkeep;
use otp_core::users::Users;
use otp_http::{Readiness, Services, Settings};
use otp_wire::bell::ProcessBell;
use otp_wire::config::Config;
use otp_wire::mail::Mail;
use otp_wire::process::{Failure, Measures, Requirements, SettingArgs, TrafficTask, Work, logging, schema};
use otp_wire::storage::{Exclusive, Storage};
use otp_wire::tenant_cache::{self, Lookout};

/// How often the relay looks for mail that fell due, or that another process queued, without being rung.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs the service until it is asked to stop.
pub(crate) async fn run(settings: &SettingArgs) -> Result<(), Failure> {
    let config = settings.read()?;
    logging::begin(&config)?;
    // First of all: one of them may be what is missing.
    logging::tell_unknown_variables(&config);
    let requirements = Requirements::of(&config)?;
    config.listens_apart()?;
    let measures = Measures::begin(&config).await?;
    if !config.public_url_is_set {
        tracing::warn!(public_url = %config.public_url, "public_url is not set: tokens are issued in a name others may not know");
    }
    let mail = Mail::wire(&config)?;
    let exclusive = Exclusive::of(&config)?;
    let storage = Storage::open(&config).await?;
    let mut listening = Listening::bind(&config).await?;
    if !await_schema(&config, &storage, &mut listening).await? {
        storage.close().await;
        return Ok(());
    }
    if let Some(exclusive) = &exclusive {
        storage.release_leases(exclusive).await?;
    }
    let service = Service::open(config, requirements, storage, mail, measures).await?;
    let router = otp_http::router(service.services(false));
    let served = service.serve(listening, router).await;
    drop(exclusive);
    served
}

/// Applies pending migrations if configured to; else answers "not ready" until `migrate up` has run.
/// Answers whether the schema serves this binary: it may not if a signal asked to stop first.
async fn await_schema(config: &Config, storage: &Storage, listening: &mut Listening) -> Result<bool, Failure> {
    if config.migrate {
        storage.migrate().await?;
    } else if schema::is_pending(storage).await? {
        let waiting = otp_http::waiting("migrations are pending", &config.public_url);
        let Some(migrated) = listening.serve_until(waiting, schema::migrated(storage)).await? else { return Ok(false) };
        migrated?;
    }
    storage.require_served().await?;
    Ok(true)
}

/// Sends traffic elsewhere as soon as a later version has taken away what this one works with.
async fn not_ready_once_outgrown(storage: Storage, readiness: Readiness) {
    schema::outgrown(&storage).await;
    readiness.not_ready("the database is of a newer version");
}

/// Everything of a running service.
pub(crate) struct Service {
    config: Config,
    storage: Storage,
    mail: Mail,
    sender: Sender,
    bell: ProcessBell,
    readiness: Readiness,
    lookout: Lookout,
    measures: Measures,
    /// The deployment the use cases share.
    pub(crate) deployment: Deployment,
}

impl Service {
    /// Opens the deployment on storage of the current schema.
    pub(crate) async fn open(
        config: Config,
        requirements: Requirements,
        storage: Storage,
        mail: Mail,
        measures: Measures,
    ) -> Result<Self, Failure> {
        let bell = ProcessBell::looking_every(LOOK_EVERY);
        let (stores, lookout) = tenant_cache::begin(storage.stores());
        let deployment = Deployment::builder(requirements.master, stores)
            .previous(requirements.previous)
            .plans(config.plans.clone())
            .bell(Arc::new(bell.clone()))
            .open()
            .await?;
        Ok(Self {
            config,
            storage,
            mail,
            sender: requirements.sender,
            bell,
            readiness: Readiness::default(),
            deployment,
            lookout,
            measures,
        })
    }

    /// What the router serves; in development only to who calls it by a loopback name.
    pub(crate) fn services(&self, loopback_hosts_only: bool) -> Services {
        let signer = Arc::new(TenantKeys::new(self.deployment.keys().clone()));
        Services {
            otp: Otp::new(self.deployment.clone()),
            signup: Signup::new(self.deployment.clone(), self.config.signup.then(|| self.config.default_plan.clone())),
            sessions: Sessions::new(self.deployment.clone(), signer, &self.config.public_url),
            tenants: Tenants::new(self.deployment.clone()),
            users: Users::new(self.deployment.clone()),
            deployment: self.deployment.clone(),
            mailer: self.mail.mailer.clone(),
            readiness: self.readiness.clone(),
            settings: Settings {
                public_url: self.config.public_url.clone(),
                trusted_proxies: self.config.trusted_proxies.clone(),
                default_plan: self.config.default_plan.clone(),
                loopback_hosts_only,
                version: env!("CARGO_PKG_VERSION"),
            },
        }
    }

    /// Serves `router` and carries the outbox until a signal asks to stop; then lets requests in
    /// flight finish, gives leases back and closes the store.
    pub(crate) async fn serve(mut self, listening: Listening, router: axum::Router) -> Result<(), Failure> {
        let relay = Relay::new(self.deployment.clone(), self.mail.mailer.clone(), self.sender.clone())
            .linking_to(&self.config.public_url);
        let upkeep = Upkeep::new(self.deployment.clone());
        let work = self.config.worker.then(|| {
            self.measures.watch_outbox(&self.storage);
            Work::begin(relay, upkeep, self.bell.clone(), self.storage.clone())
        });
        let traffic = TrafficTask::begin(self.deployment.clone());
        let outgrown = tokio::spawn(not_ready_once_outgrown(self.storage.clone(), self.readiness.clone()));
        tracing::info!(listen = %listening.address(), public_url = %self.config.public_url, "ready");
        let served = listening.serve(router, &self.readiness).await;
        outgrown.abort();
        if let Some(work) = work {
            work.end().await;
        }
        traffic.end().await;
        drop((self.lookout, self.measures));
        self.storage.close().await;
        tracing::info!("stopped");
        served
    }
}
