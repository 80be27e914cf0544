//! What the routes work with.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use ipnet::IpNet;
use otp_core::analytics::Reports;
use otp_core::deployment::Deployment;
use otp_core::onboarding::Onboarding;
use otp_core::otp::Otp;
use otp_core::port::Mailer;
use otp_core::sessions::Sessions;
use otp_core::signup::Signup;
use otp_core::system::SystemEntropy;
use otp_core::tenants::Tenants;
use otp_core::users::Users;

use crate::cookie::Cookies;
use crate::docs::Documentation;
use crate::edge::Proxies;
use crate::health::MailProbe;
use crate::readiness::Readiness;

/// The use cases the routes call, and what else they need.
#[derive(Clone)]
pub struct Services {
    /// Issues and verifies codes.
    pub otp: Otp,
    /// Opens accounts.
    pub signup: Signup,
    /// Issues and accepts tokens.
    pub sessions: Sessions,
    /// Knows customers and their keys.
    pub tenants: Tenants,
    /// Knows customers' users.
    pub users: Users,
    /// What those work on; for health, plans and the time.
    pub deployment: Deployment,
    /// What mail goes out by; asked for its health only.
    pub mailer: Arc<dyn Mailer>,
    /// Whether the process wants traffic.
    pub readiness: Readiness,
    /// How the routes behave.
    pub settings: Settings,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How the routes behave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where callers reach the service, without a slash at its end. The same as [`Sessions`] issue tokens under.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The plan of a customer registered without one.
    pub default_plan: String,
    /// Whether to refuse every request for a host that is not this machine itself, so that no web page
    /// can reach a development server by rebinding a name of its own to 127.0.0.1.
    pub loopback_hosts_only: bool,
    /// The version `/health` tells of.
    pub version: &'static str,
}

/// The state of the routes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    services: Services,
    pub(crate) reports: Reports,
    pub(crate) onboarding: Onboarding,
    pub(crate) entropy: SystemEntropy,
    pub(crate) mail: MailProbe,
    pub(crate) proxies: Proxies,
    pub(crate) cookies: Cookies,
    documentation: OnceLock<Documentation>,
}

impl App {
    pub(crate) fn new(services: Services) -> Self {
        let mail = MailProbe::new(services.mailer.clone());
        let proxies = Proxies::trusting(services.settings.trusted_proxies.clone());
        let cookies = Cookies::under(&services.settings.public_url);
        let reports = Reports::new(services.deployment.clone());
        let onboarding = Onboarding::new(services.deployment.clone());
        let entropy = SystemEntropy::default();
        Self(Arc::new(Inner {
            services,
            reports,
            onboarding,
            entropy,
            mail,
            proxies,
            cookies,
            documentation: OnceLock::new(),
        }))
    }
}

impl Inner {
    /// The contract and its pages. They are made when somebody first asks for them.
    pub(crate) fn documentation(&self) -> &Documentation {
        self.documentation.get_or_init(|| Documentation::of(&self.services.settings.public_url))
    }
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = Services;
    fn deref(&self) -> &Services {
        &self.services
    }
}
