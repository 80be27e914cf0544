//! Calls refused at the door, told to the trail of whom they concern.

use std::time::Duration;

use super::Tenants;
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::effect::{Effect, Once};
use crate::fault::Res;
use crate::id::KeyId;
use crate::limit::{LimitKey, Rule, Window};
use crate::realm::Realm;

/// How often the same client is told of at most. He knocks as often as he likes; a write for each knock would be his.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Why a call was refused before anything was done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The key opens nothing.
    Key,
    /// The key may not be used from there.
    Address,
    /// The page is of an origin that is not listed.
    Origin,
}

impl Refusal {
    const fn event(self) -> AuditEvent {
        match self {
            Self::Key => AuditEvent::ApiKeyAuthFailed,
            Self::Address => AuditEvent::IpBlocked,
            Self::Origin => AuditEvent::OriginBlocked,
        }
    }
}

impl Tenants {
    /// Tells the trail of `realm` that a call of `caller`, by `key` if it was one of its own, was refused; once a minute
    /// for each client and reason.
    ///
    /// # Errors
    /// When the store cannot be reached. The call is refused all the same.
    pub async fn tell_refusal(
        &self,
        refusal: Refusal,
        realm: Realm,
        key: Option<KeyId>,
        caller: &Caller,
        origin: Option<&str>,
    ) -> Res<()> {
        let now = self.deployment.now();
        let event = refusal.event();
        let mut entry = self.deployment.audit(realm, event, key.map(Target::Key), caller, now)?;
        if let Some(origin) = origin {
            entry = entry.with("origin", origin);
        }
        let once = Once {
            key: LimitKey {
                realm,
                rule: Rule::RefusalTold,
                subject: self.deployment.keys.refusal_subject(event.as_str(), caller.client),
            },
            window: Window::Sliding(TOLD_EVERY),
            effects: vec![Effect::Audit(entry)],
        };
        self.deployment.stores.challenges.append(vec![Effect::Once(once)], now).await
    }
}
