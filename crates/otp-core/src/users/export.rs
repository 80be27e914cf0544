//! What is held on a person.

use std::collections::BTreeMap;

use super::{Known, UserError, Users};
use crate::audit::{AuditEvent, Target};
use crate::caller::Caller;
use crate::challenge::Challenge;
use crate::effect::Effect;
use crate::fault::Res;
use crate::id::UserId;
use crate::limit::DAY;
use crate::port::{AuditCursor, AuditFilter, Placed};
use crate::realm::Realm;
use crate::session::Session;
use crate::time::Timestamp;

/// Entries read at a time.
const PAGE: usize = 500;
/// Days a trail goes back, and one more: what is old may not have been deleted yet.
const DAYS: u32 = 91;

/// Everything that is held on one person.
#[derive(Debug, Clone)]
pub struct Held {
    /// Who he is.
    pub known: Known,
    /// Where he is signed in.
    pub sessions: Vec<Session>,
    /// Codes on their way to him.
    pub challenges: Vec<Challenge>,
    /// What the audit trail tells of him, or of his address under its name there; the newest first.
    pub trail: Vec<Placed>,
    /// As of when.
    pub at: Timestamp,
}

impl Users {
    /// Everything held on a user; that it was handed out is audited.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn export(&self, realm: Realm, id: UserId, caller: &Caller) -> Result<Held, UserError> {
        let known = self.by_id(realm, id).await?;
        let (stores, now) = (&self.deployment.stores, self.deployment.now());
        let held = Held {
            sessions: stores.users.sessions(realm, id, now).await?,
            challenges: stores.erasure.challenges_of(realm, known.user.address_key, now).await?,
            trail: self.told_of(&known, now).await?,
            known,
            at: now,
        };
        let told = self.deployment.audit(realm, AuditEvent::UserExported, Some(Target::User(id)), caller, now)?;
        stores.challenges.append(vec![Effect::Audit(told)], now).await?;
        Ok(held)
    }

    /// What the trail tells of him. Looked for day by day, for nothing indexes whom an entry is about: each look goes
    /// through one day of it.
    async fn told_of(&self, known: &Known, now: Timestamp) -> Res<Vec<Placed>> {
        let realm = known.user.realm;
        let names = [known.user.id.to_string(), self.deployment.keys.audit_name(realm, &known.email)];
        let mut told = BTreeMap::new();
        for day in (0..DAYS).map(|days| now.day().minus(days * DAY)) {
            for name in &names {
                let (from, until, mentions) = (Some(day), Some(day.next_day()), Some(name.clone()));
                let filter = AuditFilter { from, until, mentions, ..AuditFilter::default() };
                let mut after = None;
                loop {
                    let page = self.deployment.stores.trails.page(realm.tenant, &filter, after, PAGE).await?;
                    let last = page.last().filter(|_| page.len() == PAGE);
                    after = last.map(|last| AuditCursor { at: last.entry.at, id: last.entry.id });
                    told.extend(page.into_iter().map(|placed| ((placed.entry.at, placed.entry.id), placed)));
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(told.into_values().rev().collect())
    }
}
