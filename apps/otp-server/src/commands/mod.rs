//! The commands beside `dev` and `serve`: each does one thing to the database or configuration and ends.

pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod customer;
pub(crate) mod doctor;
pub(crate) mod email;
pub(crate) mod healthcheck;
pub(crate) mod key;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod operator;
pub(crate) mod secret;
pub(crate) mod user;

use std::path::Path;

use otp_core::caller::{Actor, Caller};
use otp_core::deployment::Deployment;
use otp_core::port::{TenantCursor, TenantFilter};
use otp_core::tenant::Tenant;
use otp_core::tenants::Tenants;
use otp_wire::config::{Config, ConfigError};
use otp_wire::mail::Mail;
use otp_wire::process::{Failure, SettingArgs, logging};
use otp_wire::storage::{Database, Storage, kv_is_apart};

/// Customers read at a time.
const PAGE: usize = 100;

/// On whose authority a command acts: whoever may read the secret key and the database.
const CLI: Caller = Caller::of(Actor::Cli);

/// A deployment for the time of one command.
struct Session {
    config: Config,
    storage: Storage,
    deployment: Deployment,
    tenants: Tenants,
}

impl Session {
    async fn open(settings: &SettingArgs) -> Result<Self, Failure> {
        let config = settings.read()?;
        let master = config.secret_key.clone().ok_or_else(|| {
            Failure::Configuration(
                "OTP_SECRET_KEY is not set: this command needs the key the service runs with".to_owned(),
            )
        })?;
        if let Database::File(path) = Database::of(&config)?
            && !exists(&path)?
        {
            // A mistyped path must not leave an empty database behind.
            return Err(Failure::Configuration(
                "there is no database yet: run `otp-server migrate up` or `serve` first".to_owned(),
            ));
        }
        let storage = Storage::open(&config).await?;
        storage.require_served().await?;
        let deployment = Deployment::builder(master, storage.stores())
            .previous(config.secret_key_previous.clone())
            .plans(config.plans.clone())
            .open()
            .await?;
        Ok(Self { config, tenants: Tenants::new(deployment.clone()), deployment, storage })
    }

    /// Has `visit` see every customer, the newest first.
    async fn each_customer(&self, mut visit: impl AsyncFnMut(&Tenant) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = self.tenants.list(&TenantFilter::default(), after, PAGE).await?;
            for tenant in &page {
                visit(tenant).await?;
            }
            let Some(last) = page.last().filter(|_| page.len() == PAGE) else { return Ok(()) };
            after = Some(TenantCursor { created_at: last.created_at, id: last.id });
        }
    }

    async fn close(self) {
        self.storage.close().await;
    }
}

/// Everything `serve` would refuse `config` for, besides what it lacks.
fn refusals(config: &Config) -> Vec<String> {
    let log = logging::filter(config).err().map(|failure| failure.text().to_owned());
    let wired =
        [Mail::wire(config).err(), Database::of(config).err(), kv_is_apart(config).err(), config.listens_apart().err()];
    log.into_iter().chain(wired.into_iter().flatten().flat_map(|ConfigError(wrong)| wrong)).collect()
}

/// Whether there is a database at `path`. A folder of somebody else's is no reason to say that there is none.
pub(crate) fn exists(path: &Path) -> Result<bool, Failure> {
    path.try_exists().map_err(|error| {
        Failure::Denied(format!("{}: {error}; run it as the user the service runs as", path.display()))
    })
}
