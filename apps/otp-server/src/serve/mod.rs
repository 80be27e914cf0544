//! `otp-server serve`: the life of the service, from configuration to the last answer.

mod drain;
mod http;
mod schema;
mod work;

pub(crate) use http::Listening;

use otp_core::deployment::Deployment;
use otp_core::keys::MasterKey;
use otp_core::mail::Sender;
use otp_core::otp::Otp;
use otp_core::relay::Relay;
use otp_core::sessions::Sessions;
use otp_core::system::SystemEntropy;
use otp_core::tenants::Tenants;
use otp_core::token::Hs256;
use otp_http::{Readiness, Services, Settings};
use otp_wire::bell::ProcessBell;
use otp_wire::config::{Config, MailRoute};
use otp_wire::mail::Mail;
use otp_wire::storage::{Exclusive, Storage};
use std::sync::Arc;

use crate::cli::SettingArgs;
use crate::exit::Failure;
use crate::logging;
use work::Work;

/// Runs the service until it is asked to stop.
pub(crate) async fn run(settings: &SettingArgs) -> Result<(), Failure> {
    let config = settings.read()?;
    let requirements = Requirements::of(&config)?;
    logging::begin(&config)?;
    if !config.public_url_is_set {
        tracing::warn!(public_url = %config.public_url, "public_url is not set: tokens are issued in a name others may not know");
    }
    let mail = Mail::wire(&config)?;
    let exclusive = Exclusive::of(&config)?;
    let storage = Storage::open(&config).await?;
    let mut listening = Listening::bind(&config).await?;
    if !schema::await_current(&config, &storage, &mut listening).await? {
        storage.close().await;
        return Ok(());
    }
    storage.release_leases(&exclusive).await?;
    let service = Service::open(config, requirements, storage, mail).await?;
    let router = otp_http::router(service.services(false));
    let served = service.serve(listening, router).await;
    drop(exclusive);
    served
}

/// What the service cannot run without and nothing can stand in for.
#[derive(Debug, Clone)]
pub(crate) struct Requirements {
    master: MasterKey,
    sender: Sender,
}

impl Requirements {
    /// Takes them from `config`, or lists all that are missing, each with a way to get it.
    pub(crate) fn of(config: &Config) -> Result<Self, Failure> {
        let has_inbox = config.email.iter().any(|route| matches!(route, MailRoute::Inbox));
        match (&config.secret_key, &config.email_from) {
            (Some(master), Some(sender)) if !config.email.is_empty() && !has_inbox => {
                Ok(Self { master: master.clone(), sender: sender.clone() })
            }
            _ => Err(Failure::Configuration(Self::screen(config, has_inbox)?)),
        }
    }

    fn screen(config: &Config, has_inbox: bool) -> Result<String, Failure> {
        let mut screen = String::from("the configuration is not complete. Still missing:\n");
        if config.secret_key.is_none() {
            let fresh = MasterKey::generate(&SystemEntropy::default())?.to_base64();
            screen.push_str(&format!(
                "\n  OTP_SECRET_KEY   every code, token and stored address depends on it; keep it safe and backed up.\n\
                 \x20                  A fresh one, made just now and kept nowhere:\n\n\
                 \x20                  export OTP_SECRET_KEY={fresh}\n"
            ));
        }
        if config.email.is_empty() || has_inbox {
            let why = if has_inbox { "inbox:// is for development only; name" } else { "name" };
            screen.push_str(&format!(
                "\n  OTP_EMAIL_URL    how mail is sent; {why} your mail server:\n\n\
                 \x20                  export OTP_EMAIL_URL='smtp://USER:PASSWORD@mail.example.org:587'\n"
            ));
        }
        if config.email_from.is_none() {
            screen.push_str(
                "\n  OTP_EMAIL_FROM   who mail is from:\n\n\
                 \x20                  export OTP_EMAIL_FROM='Example <no-reply@example.org>'\n",
            );
        }
        screen.push_str("\nEach may stand in --config FILE too, and every secret in a file named by …_FILE. To try things out: otp-server dev\n");
        Ok(screen)
    }

    /// For development, where the command brings both.
    pub(crate) const fn new(master: MasterKey, sender: Sender) -> Self {
        Self { master, sender }
    }
}

/// Everything of a running service.
pub(crate) struct Service {
    config: Config,
    storage: Storage,
    mail: Mail,
    sender: Sender,
    bell: ProcessBell,
    readiness: Readiness,
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
    ) -> Result<Self, Failure> {
        let bell = ProcessBell::default();
        let deployment = Deployment::builder(requirements.master, storage.stores())
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
        })
    }

    /// What the router serves; in development only to who calls it by a loopback name.
    pub(crate) fn services(&self, loopback_hosts_only: bool) -> Services {
        let signer = Arc::new(Hs256::new(self.deployment.keys().clone()));
        Services {
            otp: Otp::new(self.deployment.clone()),
            sessions: Sessions::new(self.deployment.clone(), signer, &self.config.public_url),
            tenants: Tenants::new(self.deployment.clone()),
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
    pub(crate) async fn serve(self, listening: Listening, router: axum::Router) -> Result<(), Failure> {
        let relay = Relay::new(self.deployment.clone(), self.mail.mailer.clone(), self.sender.clone());
        let work = self.config.worker.then(|| Work::begin(relay, self.bell.clone(), self.storage.clone()));
        tracing::info!(listen = %listening.address(), public_url = %self.config.public_url, "ready");
        let served = listening.serve(router, &self.readiness).await;
        if let Some(work) = work {
            work.end().await;
        }
        self.storage.close().await;
        tracing::info!("stopped");
        served
    }
}
