//! The API keys of a tenant: made, given a successor, taken back.

use std::collections::HashMap;
use std::time::Duration;

use ipnet::IpNet;

use super::{NoTenant, Tenants};
use crate::api_key::{ApiKey, KeyKind, KeyRecord, KeyStatus};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::calls::Repeatable;
use crate::effect::Effect;
use crate::fault::{Fault, Res};
use crate::id::{KeyId, TenantId};
use crate::port::Age;
use crate::realm::Mode;
use crate::tenant::Tenant;
use crate::time::Timestamp;

/// The longest a rotated key may work on: a week.
pub const LONGEST_GRACE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Keys of one tenant that open something. All of them are read with the tenant for each call, and written with each of
/// its changes.
pub const MOST_KEYS: usize = 100;
/// Keys of one tenant that have ended and are listed still: the last of them.
const MOST_ENDED: usize = 100;
/// How long one that has ended is listed.
const ENDED_LISTED: Duration = Duration::from_secs(90 * 24 * 3600);

/// A key to make.
#[derive(Debug, Clone)]
pub struct KeySpec {
    /// What its owner calls it; as [`name`](crate::tenant::name) reads it.
    pub name: String,
    /// What it is for.
    pub kind: KeyKind,
    /// Which of the tenant's worlds it opens.
    pub mode: Mode,
    /// From when on it opens nothing; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// From where it may be used, if it is secret; from everywhere, if empty.
    pub allowed_ips: Vec<IpNet>,
}

impl KeySpec {
    /// A live secret key for ever, to be used from everywhere.
    pub fn secret(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: KeyKind::Secret, mode: Mode::Live, expires_at: None, allowed_ips: Vec::new() }
    }

    /// A live publishable key for ever.
    pub fn publishable(name: impl Into<String>) -> Self {
        Self { kind: KeyKind::Publishable, ..Self::secret(name) }
    }
}

/// A key just made: the only time it is shown.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key in clear.
    pub key: ApiKey,
    /// What is kept of it.
    pub record: KeyRecord,
}

/// A key with a successor.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// The successor.
    pub new: NewKey,
    /// The old one.
    pub old: KeyId,
    /// From when on that opens nothing.
    pub old_expires_at: Timestamp,
}

/// Why nothing was done about a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no tenant, or no key of it, of that id.
    #[error("there is no such customer or key")]
    NotFound,
    /// It has a successor, or opens nothing any more.
    #[error("only an active key can be rotated")]
    NotActive,
    /// Without it the tenant would be shut out.
    #[error("this is the last live secret key without an end: make another first")]
    LastKey,
    /// The tenant has as many as it may have.
    #[error("a customer has at most {MOST_KEYS} keys that have not ended: revoke one that is not used any more")]
    TooMany,
    /// The work could not be done.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<NoTenant> for KeyError {
    fn from(_: NoTenant) -> Self {
        Self::NotFound
    }
}

impl Tenants {
    /// Makes a key of a tenant.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] when there is no such tenant; `TooMany`.
    pub async fn create_key(
        &self,
        id: TenantId,
        spec: KeySpec,
        caller: &Caller,
        call: Option<&Repeatable<'_, NewKey>>,
    ) -> Result<NewKey, KeyError> {
        let now = self.deployment.now();
        let key = self.make_key(spec, now)?;
        self.change::<KeyError>(id, now, |tenant| {
            add(tenant, &key.record, now)?;
            let target = Target::Key(key.record.id);
            let entry = self.entry(tenant, AuditEvent::ApiKeyCreated, target, caller, now)?;
            let remembered = self.deployment.remembering(call, &key, now)?;
            Ok(Some([Effect::Audit(entry)].into_iter().chain(remembered).collect()))
        })
        .await?;
        Ok(key)
    }

    /// Makes a key for who runs the service.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn create_operator(&self, name: &str, caller: &Caller) -> Result<NewKey, KeyError> {
        let now = self.deployment.now();
        // Whoever comes second finds it there, which is as good.
        self.deployment.stores.tenants.insert(Tenant::service(now), Vec::new(), now).await?;
        let spec = KeySpec { kind: KeyKind::Operator, ..KeySpec::secret(name) };
        self.create_key(TenantId::SERVICE, spec, caller, None).await
    }

    /// The keys of a tenant, each with its last use; those too that have ended of late.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] when there is no such tenant.
    pub async fn keys(&self, id: TenantId) -> Result<Vec<(KeyRecord, Option<Timestamp>)>, KeyError> {
        let tenant = self.get(id, Age::Fresh).await?.ok_or(NoTenant)?;
        let uses: HashMap<_, _> = self.deployment.stores.tenants.key_uses(id).await?.into_iter().collect();
        let with_use = |key: KeyRecord| {
            let used = uses.get(&key.id).copied();
            (key, used)
        };
        Ok(tenant.keys.into_iter().map(with_use).collect())
    }

    /// Makes a key that takes the place of another, which works on for `grace`. It has the same name, kind, mode
    /// and networks, and no end.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn rotate_key(
        &self,
        id: TenantId,
        key: KeyId,
        grace: Duration,
        caller: &Caller,
        call: Option<&Repeatable<'_, Rotated>>,
    ) -> Result<Rotated, KeyError> {
        let now = self.deployment.now();
        let tenant = self.get(id, Age::Fresh).await?.ok_or(KeyError::NotFound)?;
        let old = tenant.key(key).ok_or(KeyError::NotFound)?;
        let spec = KeySpec {
            name: old.name.clone(),
            kind: old.kind,
            mode: old.mode,
            expires_at: None,
            allowed_ips: old.allowed_ips.clone(),
        };
        // What is copied does not change, so it is read once; whether the key is active is decided in the write.
        let new = self.make_key(spec, now)?;
        let rotated =
            |old: &KeyRecord| Rotated { new: new.clone(), old: old.id, old_expires_at: old.expires_at.unwrap_or(now) };
        let changed = self
            .change::<KeyError>(id, now, |tenant| {
                let old = tenant.keys.iter_mut().find(|record| record.id == key).ok_or(KeyError::NotFound)?;
                if old.status(now) != KeyStatus::Active {
                    return Err(KeyError::NotActive);
                }
                let end = now.plus(grace);
                old.expires_at = Some(old.expires_at.map_or(end, |earlier| earlier.min(end)));
                old.successor = Some(new.record.id);
                let remembered = self.deployment.remembering(call, &rotated(old), now)?;
                add(tenant, &new.record, now)?;
                let entry = self.entry(tenant, AuditEvent::ApiKeyRotated, Target::Key(key), caller, now)?;
                let entry = Effect::Audit(entry.with("successor", new.record.id.to_string()));
                Ok(Some([entry].into_iter().chain(remembered).collect()))
            })
            .await?;
        changed.after.key(key).map(rotated).ok_or(KeyError::NotFound)
    }

    /// Takes a key back: it opens nothing from now on. Taking it back twice changes nothing.
    ///
    /// # Errors
    /// [`KeyError`]; `LastKey` unless `even_the_last` may go.
    pub async fn revoke_key(
        &self,
        id: TenantId,
        key: KeyId,
        even_the_last: bool,
        caller: &Caller,
    ) -> Result<(), KeyError> {
        let now = self.deployment.now();
        self.change::<KeyError>(id, now, |tenant| {
            let lasting: Vec<_> = tenant.keys.iter().filter(|key| is_lasting(key, now)).map(|key| key.id).collect();
            let record = tenant.keys.iter_mut().find(|record| record.id == key).ok_or(KeyError::NotFound)?;
            if record.revoked_at.is_some() {
                return Ok(None);
            }
            if lasting == [key] && !even_the_last {
                return Err(KeyError::LastKey);
            }
            record.revoked_at = Some(now);
            forget_ended(tenant, now);
            Ok(Some(vec![Effect::Audit(self.entry(
                tenant,
                AuditEvent::ApiKeyRevoked,
                Target::Key(key),
                caller,
                now,
            )?)]))
        })
        .await?;
        Ok(())
    }

    pub(super) fn make_key(&self, spec: KeySpec, now: Timestamp) -> Res<NewKey> {
        let KeySpec { name, kind, mode, expires_at, allowed_ips } = spec;
        let key = ApiKey::generate(kind, mode, &*self.deployment.entropy)?;
        let record = KeyRecord {
            id: KeyId::generate(&*self.deployment.entropy)?,
            name,
            kind,
            mode,
            hash: key.hash(),
            last4: key.last4().to_owned(),
            created_at: now,
            expires_at,
            revoked_at: None,
            successor: None,
            allowed_ips,
        };
        Ok(NewKey { key, record })
    }
}

/// Gives `tenant` one more key, if it may have one.
fn add(tenant: &mut Tenant, key: &KeyRecord, now: Timestamp) -> Result<(), KeyError> {
    tenant.keys.push(key.clone());
    if tenant.keys.iter().filter(|key| key.is_alive(now)).count() > MOST_KEYS {
        return Err(KeyError::TooMany);
    }
    forget_ended(tenant, now);
    Ok(())
}

/// Drops the keys of `tenant` that ended long ago, and of those that ended since all but the last. Their audit entries stay.
fn forget_ended(tenant: &mut Tenant, now: Timestamp) {
    let mut ends: Vec<_> = tenant.keys.iter().filter_map(|key| key.ended_at(now)).collect();
    ends.sort_unstable_by(|one, other| other.cmp(one));
    let oldest = ends.get(MOST_ENDED - 1).copied();
    let is_listed = |end: Timestamp| now < end.plus(ENDED_LISTED) && oldest.is_none_or(|oldest| oldest <= end);
    tenant.keys.retain(|key| key.ended_at(now).is_none_or(is_listed));
}

/// Whether a key opens the tenant's own routes, and for ever.
fn is_lasting(key: &KeyRecord, now: Timestamp) -> bool {
    key.kind == KeyKind::Secret && key.mode == Mode::Live && key.expires_at.is_none() && key.is_alive(now)
}
