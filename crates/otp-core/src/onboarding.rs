//! How far a tenant has come with setting up its account, derived from what is there.

use std::fmt;

use serde::Serialize;

use crate::api_key::KeyKind;
use crate::deployment::Deployment;
use crate::fault::Res;
use crate::plan::Feature;
use crate::realm::{Mode, Realm};
use crate::tenant::Tenant;

/// Knows it.
#[derive(Clone)]
pub struct Onboarding {
    deployment: Deployment,
}

/// The steps, and whether each is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Steps {
    /// There is an account.
    pub account_created: bool,
    /// Somebody reads the mail of its owner.
    pub email_verified: bool,
    /// There is a secret key that opens it.
    pub api_key_generated: bool,
    /// Somebody has signed in, live or in test mode.
    pub first_test_completed: bool,
    /// Events are sent somewhere.
    pub webhook_configured: bool,
    /// Its mails look its own way.
    pub email_template_configured: bool,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The steps.
    pub steps: Steps,
    /// Whether all are done that its plan allows.
    pub completed: bool,
    /// Whether it wants to hear no more of it.
    pub dismissed: bool,
}

impl Onboarding {
    /// Of the tenants of `deployment`.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// How far `tenant` has come.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn progress(&self, tenant: &Tenant) -> Res<Progress> {
        let stores = &self.deployment.stores;
        let test = Realm { tenant: tenant.id, mode: Mode::Test };
        let now = self.deployment.now();
        let settings = tenant.settings();
        let templates = [
            &settings.email_config.subject_template,
            &settings.email_config.html_template,
            &settings.email_config.text_template,
        ];
        let opens = |kind: KeyKind| tenant.keys.iter().any(|key| key.kind == kind && key.is_alive(now));
        let steps = Steps {
            account_created: true,
            email_verified: self.reads_owners_mail(tenant).await?,
            api_key_generated: opens(KeyKind::Secret),
            first_test_completed: stores.metering.users(tenant.live()).await? > 0
                || stores.metering.users(test).await? > 0,
            // There is nothing yet by which events could be sent anywhere.
            webhook_configured: false,
            email_template_configured: templates.into_iter().any(Option::is_some),
        };
        let features = self.deployment.plan_of(tenant)?.features;
        let may = |feature, done: bool| done || !features.contains(&feature);
        Ok(Progress {
            steps,
            completed: steps.account_created
                && steps.email_verified
                && steps.api_key_generated
                && steps.first_test_completed
                && may(Feature::Webhooks, steps.webhook_configured)
                && may(Feature::CustomEmailTemplates, steps.email_template_configured),
            dismissed: tenant.onboarding_dismissed,
        })
    }

    /// Whether the owner has opened the account by mail, or has signed in at it himself.
    async fn reads_owners_mail(&self, tenant: &Tenant) -> Res<bool> {
        let Some(owner) = &tenant.owner else { return Ok(false) };
        if tenant.owner_verified_at.is_some() {
            return Ok(true);
        }
        let address = self.deployment.keys.address_key(tenant.live(), owner);
        Ok(self.deployment.stores.users.by_address(tenant.live(), address).await?.is_some())
    }
}

impl fmt::Debug for Onboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onboarding").finish_non_exhaustive()
    }
}
