//! Erasing a person.

use super::{UserError, Users};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::effect::Effect;
use crate::id::UserId;
use crate::port::Erased;
use crate::realm::Realm;

impl Users {
    /// Erases a user: himself, his sessions, whose tokens are dead on every node before this returns, codes on their way
    /// to him, and mails that wait. The audit trail, which never knew his address, stays whole and tells of it; what was
    /// counted stays counted.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn erase(&self, realm: Realm, id: UserId, caller: &Caller) -> Result<Erased, UserError> {
        let now = self.deployment.now();
        let told = self.deployment.audit(realm, AuditEvent::UserDeleted, Some(Target::User(id)), caller, now)?;
        let erased = self.deployment.stores.erasure.erase(realm, id, vec![Effect::Audit(told)], now).await?;
        erased.ok_or(UserError::NotFound)
    }
}
