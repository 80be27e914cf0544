//! The commands beside `dev` and `serve`: each does one thing to the database or configuration and ends.

pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod customer;
pub(crate) mod doctor;
pub(crate) mod healthcheck;
pub(crate) mod key;
pub(crate) mod migrate;
pub(crate) mod operator;
pub(crate) mod secret;
pub(crate) mod user;

use std::fmt::Display;

use otp_core::caller::{Actor, Caller};
use otp_core::deployment::Deployment;
use otp_core::port::{TenantCursor, TenantFilter};
use otp_core::tenant::Tenant;
use otp_core::tenants::Tenants;
use otp_wire::config::Config;
use otp_wire::process::{Failure, SettingArgs};
use otp_wire::storage::{Database, Storage};
use serde_json::Value;

use crate::output;

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
            && !path.exists()
        {
            // A mistyped path must not leave an empty database behind.
            return Err(Failure::Configuration(
                "there is no database yet: run `otp-server migrate up` or `serve` first".to_owned(),
            ));
        }
        let storage = Storage::open(&config).await?;
        storage.require_served().await?;
        let deployment = Deployment::builder(master, storage.stores()).plans(config.plans.clone()).open().await?;
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

/// Writes data to stdout: as JSON, or as lines of `name: value`.
fn print(json: bool, members: &[(&str, &dyn Display)]) -> Result<(), Failure> {
    if json {
        let members = members.iter().map(|(name, value)| ((*name).to_owned(), Value::String(value.to_string())));
        return output::line(Value::Object(members.collect()));
    }
    members.iter().try_for_each(|(name, value)| output::line(format_args!("{name}: {value}")))
}
