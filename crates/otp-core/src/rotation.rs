//! The master key is replaced: whatever is stored under the one before is sealed anew.
//!
//! The use cases know both meanwhile, so this runs beside them, writes only what is still as it was read, and may be cut off
//! anywhere and begun again. What has minutes or a day to live (addresses of challenges, remembered answers) is left as
//! it is: the key before is kept for longer than that.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::TenantConfig;
use crate::deployment::Deployment;
use crate::fault::{FaultKind, Res};
use crate::id::{TenantId, UserId};
use crate::keys::{Kid, Older};
use crate::limit::DAY;
use crate::port::{Age, Replaced, Resealed, RetiredKey, TenantCursor, TenantFilter, UserCursor};
use crate::realm::{Mode, Realm};
use crate::tenant::{Configured, Tenant};
use crate::time::Timestamp;

/// How long at least a key is kept after it was replaced: answers are remembered and signups wait for a day, and nodes
/// need not have changed keys at the same moment.
const KEPT_FOR: Duration = Duration::from_secs(2 * DAY.as_secs());
/// Rows read and written at a time.
const PAGE: usize = 200;

/// Replaces the key.
#[derive(Clone)]
pub struct KeyRotation {
    deployment: Deployment,
}

/// What was sealed anew so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Whether the root of the index keys was.
    pub root: bool,
    /// Tenants that hold signing keys or credentials.
    pub tenants: u64,
    /// Versions of configurations that hold credentials.
    pub configurations: u64,
    /// Addresses of users.
    pub users: u64,
    /// Users whose addresses no key at hand opens, as where a key was thrown away too early. They are left as they are.
    pub unreadable: Vec<UserId>,
    /// The keys before, and from when on nothing needs each.
    pub retired: Vec<(Kid, Timestamp)>,
}

impl KeyRotation {
    /// Over `deployment`, which has the key in force and those before at hand.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// Seals everything anew, and tells `look` of each step. When it has finished, the configuration need not hold the key
    /// before any more: the store keeps it, sealed, until the last session begun under it has ended.
    ///
    /// To be called when every process has the new key in force.
    ///
    /// # Errors
    /// When a store cannot be reached, or holds a secret of a tenant that no key at hand opens. What was done until then stays; the next call
    /// goes on.
    pub async fn run(&self, mut look: impl FnMut(&Renewed)) -> Res<Renewed> {
        let mut renewed = Renewed::default();
        // First of all, so that from here on the new key alone opens everything.
        for older in self.deployment.keys.older() {
            self.retire(older, older.until()).await?;
        }
        renewed.root = self.root().await?;
        look(&renewed);
        let mut longest = KEPT_FOR;
        self.tenant(TenantId::SERVICE, &mut renewed, &mut longest, &mut look).await?;
        let mut after = None;
        loop {
            let page = self.deployment.stores.tenants.list(&TenantFilter::default(), after, PAGE).await?;
            for tenant in &page {
                self.tenant(tenant.id, &mut renewed, &mut longest, &mut look).await?;
            }
            let Some(last) = page.last() else { break };
            after = Some(TenantCursor { created_at: last.created_at, id: last.id });
        }
        let end = self.deployment.now().plus(longest);
        for older in self.deployment.keys.older() {
            let until = older.ends(end);
            self.retire(older, Some(until)).await?;
            renewed.retired.push((older.kid(), until));
        }
        Ok(renewed)
    }

    async fn retire(&self, older: &Older, until: Option<Timestamp>) -> Res<()> {
        let sealed = self.deployment.keys.seal_older(older, &*self.deployment.entropy)?;
        self.deployment.stores.roots.retire(RetiredKey { kid: older.kid(), sealed, until }).await
    }

    async fn root(&self) -> Res<bool> {
        match self.deployment.keys.reseal_root(&*self.deployment.entropy)? {
            Some((seen, anew)) => self.deployment.stores.roots.reseal(seen, anew).await,
            None => Ok(false),
        }
    }

    /// Everything of one tenant; `longest` becomes how long a session of his may live, if that is longer.
    async fn tenant(
        &self,
        id: TenantId,
        renewed: &mut Renewed,
        longest: &mut Duration,
        look: &mut impl FnMut(&Renewed),
    ) -> Res<()> {
        renewed.tenants += u64::from(self.document(id).await?);
        let mut before = None;
        loop {
            let marks = self.deployment.stores.tenants.configurations(id, before, PAGE).await?;
            for mark in &marks {
                let Some(configured) = self.deployment.stores.tenants.configuration(id, mark.number).await? else {
                    continue;
                };
                *longest = (*longest).max(configured.settings.tokens.lifetimes().absolute);
                if let Some(settings) = self.settings(id, &configured.settings)? {
                    let anew = Configured { settings, ..configured };
                    renewed.configurations += u64::from(self.deployment.stores.tenants.reseal(id, anew).await?);
                }
            }
            let Some(last) = marks.last() else { break };
            before = Some(last.number);
        }
        look(renewed);
        for mode in [Mode::Live, Mode::Test] {
            self.users(Realm { tenant: id, mode }, renewed, look).await?;
        }
        Ok(())
    }

    /// The tenant itself, as often as it takes: it may change meanwhile.
    async fn document(&self, id: TenantId) -> Res<bool> {
        let tenants = &self.deployment.stores.tenants;
        loop {
            let Some(mut tenant) = tenants.get(id, Age::Fresh).await? else { return Ok(false) };
            if !self.reseal(&mut tenant)? {
                return Ok(false);
            }
            let expected = tenant.version;
            match tenants.replace(tenant, expected, Vec::new(), self.deployment.now()).await? {
                Replaced::Replaced => return Ok(true),
                Replaced::Missing => return Ok(false),
                Replaced::Conflict => {}
            }
        }
    }

    /// Seals what `tenant` holds anew; answers whether anything was not so already.
    fn reseal(&self, tenant: &mut Tenant) -> Res<bool> {
        let (keys, entropy) = (&self.deployment.keys, &*self.deployment.entropy);
        let mut is_anew = false;
        for key in &mut tenant.signing_keys {
            is_anew |= key.reseal(tenant.id, keys, entropy)?;
        }
        if let Some(settings) = self.settings(tenant.id, tenant.settings())? {
            tenant.config = Arc::new(Configured { settings, ..Configured::clone(&tenant.config) });
            is_anew = true;
        }
        Ok(is_anew)
    }

    /// `settings` with its credentials sealed anew, if any was not so already.
    fn settings(&self, tenant: TenantId, settings: &TenantConfig) -> Res<Option<TenantConfig>> {
        let mut anew = settings.clone();
        let mut is_anew = false;
        for secret in anew.email_config.provider.iter_mut().flat_map(|provider| provider.secrets.values_mut()) {
            if let Some(sealed) = secret.resealed(tenant, &self.deployment.keys, &*self.deployment.entropy)? {
                *secret = sealed;
                is_anew = true;
            }
        }
        Ok(is_anew.then_some(anew))
    }

    /// The addresses of users, page by page. Whoever signs in for the first time meanwhile is sealed under the new key, whenever
    /// he has asked for his code.
    async fn users(&self, realm: Realm, renewed: &mut Renewed, look: &mut impl FnMut(&Renewed)) -> Res<()> {
        let (keys, entropy, users) = (&self.deployment.keys, &*self.deployment.entropy, &self.deployment.stores.users);
        let mut after = None;
        loop {
            let page = users.page(realm, after, PAGE).await?;
            let mut addresses = Vec::new();
            for user in &page {
                match keys.reseal_address(realm, &user.address, entropy) {
                    Ok(Some(anew)) => addresses.push(Resealed { user: user.id, seen: user.address.clone(), anew }),
                    Ok(None) => {}
                    // What is lost for one must not keep the key of all others from being replaced.
                    Err(fault) if fault.kind() == FaultKind::Corrupt => renewed.unreadable.push(user.id),
                    Err(fault) => return Err(fault),
                }
            }
            if !addresses.is_empty() {
                renewed.users += users.reseal(realm, addresses).await?;
                look(renewed);
            }
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(UserCursor { created_at: last.created_at, id: last.id });
        }
    }
}

impl fmt::Debug for KeyRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRotation").finish_non_exhaustive()
    }
}
