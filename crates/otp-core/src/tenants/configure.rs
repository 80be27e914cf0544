//! Changing what a tenant has set for itself. Every change is a version, kept and numbered.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Changed, NoTenant, Tenants};
use crate::audit::{AuditEvent, Target};
use crate::caller::{Caller, ClientAddress};
use crate::calls::Repeatable;
use crate::config::diff::differences;
use crate::config::{ConfigError, Secret, TenantConfig, patched, restored};
use crate::effect::Effect;
use crate::fault::{Fault, Res};
use crate::id::TenantId;
use crate::realm::Mode;
use crate::tenant::{Configured, Tenant};
use crate::time::Timestamp;
use crate::token::SigningKey;

/// A change of a configuration.
#[derive(Debug, Clone)]
pub struct Configure {
    /// What to change.
    pub change: ConfigChange,
    /// The version it was made for, if only that may be changed.
    pub expected: Option<u64>,
    /// From where the caller calls: he must not shut himself out.
    pub peer: Option<ClientAddress>,
}

/// What to change of a configuration.
#[derive(Debug, Clone)]
pub enum ConfigChange {
    /// What a merge patch names (RFC 7396).
    Patch(Value),
    /// The same of `emailConfig` alone.
    EmailPatch(Value),
    /// Everything, back to an earlier version.
    Restore(u64),
}

/// Why a configuration was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// There is no tenant of that id.
    #[error(transparent)]
    NoTenant(#[from] NoTenant),
    /// There is no such version.
    #[error("there is no version of this number")]
    NoVersion,
    /// It has another version by now.
    #[error("the configuration was changed meanwhile: read it again")]
    VersionConflict,
    /// The caller could not call any more.
    #[error("the networks allowed do not include the caller's own address")]
    LocksYouOut,
    /// What it would come to is not allowed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Tenants {
    /// Changes what a tenant has set, and answers the tenant as it is then. What changes nothing makes no version.
    ///
    /// # Errors
    /// [`ConfigureError`]; nothing was changed then.
    pub async fn configure(
        &self,
        id: TenantId,
        configure: Configure,
        caller: &Caller,
        call: Option<&Repeatable<'_, Tenant>>,
    ) -> Result<Tenant, ConfigureError> {
        let now = self.deployment.now();
        let Configure { change, expected, peer } = configure;
        let (patch, before, event) = match change {
            ConfigChange::Patch(patch) => (Some(patch), None, AuditEvent::ConfigUpdated),
            ConfigChange::EmailPatch(patch) => {
                (Some(json!({ "emailConfig": patch })), None, AuditEvent::EmailConfigUpdated)
            }
            ConfigChange::Restore(number) => {
                let before = self.configuration(id, number).await?.ok_or(ConfigureError::NoVersion)?;
                (None, Some(before.settings), AuditEvent::ConfigRestored)
            }
        };
        let configured = self.change::<ConfigureError>(id, now, |tenant| {
            // What is wrong with the change itself comes first: it stays wrong, whatever version it is made for.
            let settings = self.settled(tenant, patch.as_ref(), before.as_ref())?;
            let old = tenant.settings();
            if settings.allowed_ips != old.allowed_ips && !admits(&settings, peer) {
                return Err(ConfigureError::LocksYouOut);
            }
            if expected.is_some_and(|expected| expected != tenant.config.number) {
                return Err(ConfigureError::VersionConflict);
            }
            if settings == *old {
                return Ok(None);
            }
            let number = tenant.config.number + 1;
            let mut entry = self.entry(tenant, event, Target::Customer(tenant.id), caller, now)?;
            entry = entry.with("configVersion", number.to_string());
            entry.details.extend(differences(old, &settings));
            tenant.config = Arc::new(Configured { number, at: now, by: caller.actor, settings });
            self.provide_signing_keys(tenant, now)?;
            let remembered = self.deployment.remembering(call, tenant, now)?;
            Ok(Some([Effect::Audit(entry)].into_iter().chain(remembered).collect()))
        });
        let Changed { after, is_written, .. } = configured.await?;
        if !is_written {
            self.deployment.remember(call, &after, now).await?;
        }
        Ok(after)
    }

    /// Sees to it that each world of `tenant` has one key in force of the algorithm it has chosen. Others are retired, and
    /// dropped once no token that they have signed can live; until then one is taken again if its algorithm is chosen again,
    /// so that there are never more than one of each.
    fn provide_signing_keys(&self, tenant: &mut Tenant, now: Timestamp) -> Res<()> {
        let curve = tenant.settings().tokens.algorithm().curve();
        tenant.signing_keys.retain(|key| key.may_verify(now));
        for key in &mut tenant.signing_keys {
            if Some(key.curve) != curve && key.retired_at.is_none() {
                key.retired_at = Some(now);
            }
        }
        let Some(curve) = curve else { return Ok(()) };
        for mode in [Mode::Live, Mode::Test] {
            let of_curve = tenant.signing_keys.iter_mut().filter(|key| key.mode == mode && key.curve == curve);
            if let Some(key) = of_curve.max_by_key(|key| key.retired_at.map_or(i64::MAX, Timestamp::as_millis)) {
                key.retired_at = None;
                continue;
            }
            let (keys, entropy) = (&self.deployment.keys, &*self.deployment.entropy);
            tenant.signing_keys.push(SigningKey::generate(tenant.id, mode, curve, keys, entropy, now)?);
        }
        Ok(())
    }

    fn settled(
        &self,
        tenant: &Tenant,
        patch: Option<&Value>,
        before: Option<&TenantConfig>,
    ) -> Result<TenantConfig, ConfigureError> {
        let plan = self.deployment.plan_of(tenant)?;
        let mut settings = tenant.settings().clone();
        if let Some(before) = before {
            settings = restored(&settings, before, &plan)?;
        }
        if let Some(patch) = patch {
            let seal = |text: &str| -> Res<Secret> {
                Secret::seal(tenant.id, text, &self.deployment.keys, &*self.deployment.entropy)
            };
            settings = patched(&settings, patch, &plan, &seal)?;
        }
        Ok(settings)
    }
}

/// Whether who calls from `peer` may go on doing so.
fn admits(settings: &TenantConfig, peer: Option<ClientAddress>) -> bool {
    settings.allowed_ips.is_empty() || peer.is_some_and(|peer| peer.is_in(&settings.allowed_ips))
}
