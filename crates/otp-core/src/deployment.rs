//! What every use case of one deployment shares: stores, keys, time, randomness, plans.

use std::fmt;
use std::sync::Arc;

use crate::audit::{AuditEntry, AuditEvent, Target};
use crate::caller::Caller;
use crate::fault::{Fault, Res};
use crate::id::AuditId;
use crate::keys::{Keyring, MasterKey};
use crate::plan::{Plan, Plans};
use crate::port::{Bell, Clock, Entropy, Silent, Stores};
use crate::realm::Realm;
use crate::system::{SystemClock, SystemEntropy};
use crate::tenant::Tenant;
use crate::time::Timestamp;
use crate::traffic::Meter;

/// The surroundings of the use cases. Cheap to clone.
#[derive(Clone)]
pub struct Deployment {
    pub(crate) stores: Stores,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) bell: Arc<dyn Bell>,
    pub(crate) meter: Arc<Meter>,
    plans: Arc<Plans>,
}

impl Deployment {
    /// Prepares a deployment on `stores` under `master`, on this machine's clock and entropy, with
    /// the default plans.
    pub fn builder(master: MasterKey, stores: Stores) -> DeploymentBuilder {
        DeploymentBuilder {
            master,
            previous: None,
            stores,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::default()),
            bell: Arc::new(Silent),
            plans: Plans::default(),
        }
    }

    /// Now, by this deployment's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Its keys.
    pub const fn keys(&self) -> &Arc<Keyring> {
        &self.keys
    }

    /// Its plans.
    pub fn plans(&self) -> &Plans {
        &self.plans
    }

    /// What counts calls in this process.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Writes down what this process has counted of calls since it did so last. To be called every second, and before the
    /// process ends.
    ///
    /// # Errors
    /// When the store cannot be reached; it is written the next time.
    pub async fn write_traffic(&self) -> Res<()> {
        let traffic = self.meter.take();
        if traffic.is_empty() {
            return Ok(());
        }
        let written = self.stores.traffic.record(traffic.clone()).await;
        if written.is_err() {
            self.meter.put_back(traffic);
        }
        written
    }

    /// Its stores.
    pub const fn stores(&self) -> &Stores {
        &self.stores
    }

    /// The plan `tenant` is on, with what it was granted besides.
    ///
    /// # Errors
    /// `Misconfigured` when there is no such plan any more.
    pub fn plan_of(&self, tenant: &Tenant) -> Res<Plan> {
        let plan = self.plans.get(&tenant.plan).ok_or_else(|| {
            Fault::misconfigured("plan", format!("{} is on plan {:?}, which is not configured", tenant.id, tenant.plan))
        })?;
        Ok(plan.overridden(&tenant.overrides))
    }

    /// What `tenant` may use: its plan, within the limits it has set for itself.
    ///
    /// # Errors
    /// As [`plan_of`](Self::plan_of).
    pub fn allowance(&self, tenant: &Tenant) -> Res<Plan> {
        Ok(self.plan_of(tenant)?.narrowed(&tenant.settings().rate_limits))
    }

    /// A line of the audit trail as of `now`.
    pub(crate) fn audit(
        &self,
        realm: Realm,
        event: AuditEvent,
        target: Option<Target>,
        caller: &Caller,
        now: Timestamp,
    ) -> Res<AuditEntry> {
        Ok(AuditEntry::new(AuditId::generate(&*self.entropy)?, realm, event, target, caller, now))
    }
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// A deployment about to be opened.
pub struct DeploymentBuilder {
    master: MasterKey,
    previous: Option<MasterKey>,
    stores: Stores,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    bell: Arc<dyn Bell>,
    plans: Plans,
}

impl DeploymentBuilder {
    /// With the master key that was in force before, if there was one: what was issued and sealed under it is still good. It
    /// is needed until a [`KeyRotation`](crate::rotation::KeyRotation) has finished.
    #[must_use]
    pub fn previous(self, previous: Option<MasterKey>) -> Self {
        Self { previous, ..self }
    }

    /// With another clock.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// With another source of randomness.
    #[must_use]
    pub fn entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, ..self }
    }

    /// With a bell that is rung whenever mail was queued.
    #[must_use]
    pub fn bell(self, bell: Arc<dyn Bell>) -> Self {
        Self { bell, ..self }
    }

    /// With other plans.
    #[must_use]
    pub fn plans(self, plans: Plans) -> Self {
        Self { plans, ..self }
    }

    /// Opens it: reads, or on the first run makes, the root of the index keys.
    ///
    /// # Errors
    /// `Misconfigured` when the stores were made under another master key; `Unavailable` when they
    /// cannot be reached.
    pub async fn open(self) -> Res<Deployment> {
        let (previous, now) = (self.previous.as_ref(), self.clock.now());
        let keys = Keyring::open(&self.master, previous, &*self.stores.roots, &*self.entropy, now).await?;
        Ok(Deployment {
            stores: self.stores,
            keys: Arc::new(keys),
            clock: self.clock,
            entropy: self.entropy,
            bell: self.bell,
            meter: Arc::default(),
            plans: Arc::new(self.plans),
        })
    }
}

impl fmt::Debug for DeploymentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeploymentBuilder").finish_non_exhaustive()
    }
}
