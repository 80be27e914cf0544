//! The one place where effects become rows.

use std::collections::{BTreeMap, BTreeSet};

use otp_core::audit::Kept;
use otp_core::effect::{Counter, Effect, MailJob, Who};
use otp_core::id::{TenantId, UserId};
use otp_core::limit::Admission;
use otp_core::port::Remembered;
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::calls;
use crate::sql::{Writes, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::WorkingSet;

statements! {
    COUNT(Text, Text, Number, Text, Number) = "
        INSERT INTO usage_minutes (tenant, mode, minute, counter, n)
        {rows}
        ON CONFLICT (tenant, mode, minute, counter) DO UPDATE SET n = usage_minutes.n + excluded.n";
    /// Sets what is set already, because a row passed over would count as trouble.
    SEE(Text, Text, Number, Text) = "
        INSERT INTO seen_minutes (tenant, mode, minute, user_id)
        {rows}
        ON CONFLICT (tenant, mode, minute, user_id) DO UPDATE SET user_id = seen_minutes.user_id";
    RECORD(Text, Number, Text, Text) = "INSERT INTO audit_unsealed (tenant, at, id, entry) {rows}";
    QUEUE(Text, Text, Text, Text, Text, Text, Number) =
        "INSERT INTO outbox (tenant, mode, challenge, mail, locale, letter, due_at) {rows}";
}

/// The effects of a batch. What is counted is added up first: a busy minute is one row, and would
/// otherwise be written once for each member.
#[derive(Default)]
pub(crate) struct Effects {
    counted: BTreeMap<(Realm, Timestamp, Counter), i64>,
    seen: BTreeSet<(Realm, Timestamp, UserId)>,
    /// Whose trail, and the entry as it is kept; in order.
    audit: Vec<(TenantId, Kept)>,
    /// With its letter as it is kept, and when it is due; in order.
    mail: Vec<(MailJob, String, Timestamp)>,
    /// With when the call was answered.
    remembered: Vec<(Remembered, Timestamp)>,
}

impl WorkingSet {
    /// Takes in `effects`, in order. The limits they draw have been [named](crate::limits::Limits::need_for).
    pub(crate) fn apply(&mut self, effects: &[Effect], now: Timestamp) -> Tried<()> {
        for effect in effects {
            match effect {
                Effect::Mail(mail) => {
                    let letter =
                        serde_json::to_string(&mail.letter).map_err(|_| Trouble::corrupt("a letter is no JSON"))?;
                    self.effects.mail.push((mail.clone(), letter, now));
                }
                Effect::Count { realm, counter, at } => {
                    self.effects.count(*realm, *counter, *at, 1);
                }
                Effect::Seen { realm, who: Who::User(user), at } => {
                    self.effects.seen.insert((*realm, at.minute(), *user));
                }
                // Only a sign-in says who that is, and passes its effects through `Effect::signed_in` first.
                Effect::Seen { who: Who::SignedIn, .. } => {}
                Effect::Audit(entry) => {
                    let kept = Kept::of(entry).map_err(|_| Trouble::corrupt("an audit entry is no JSON"))?;
                    self.effects.audit.push((entry.realm.tenant, kept));
                }
                Effect::Remember(remembered) => self.effects.remembered.push((remembered.clone(), now)),
                Effect::Once(once) => {
                    if let Admission::Admitted(_) = self.draw(&[once.draw()], now)? {
                        self.apply(&once.effects, now)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Effects {
    /// Counts `count` more in the minute of `at`.
    pub(crate) fn count(&mut self, realm: Realm, counter: Counter, at: Timestamp, count: i64) {
        *self.counted.entry((realm, at.minute(), counter)).or_default() += count;
    }

    /// Has them written. What is counted comes last: a busy tenant's minute is one row, and who writes at the same
    /// time waits for it from here to our commit.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let seen: Vec<_> = self.seen.iter().collect();
        writes.add(&SEE, &seen, |query, (realm, minute, user)| query.realm(*realm).time(*minute).text(user));
        writes.add(&RECORD, &self.audit, |query, (tenant, kept)| {
            query.text(tenant).time(kept.at).text(kept.id).bind(kept.text.as_str())
        });
        writes.add(&QUEUE, &self.mail, |query, (mail, letter, due_at)| {
            let challenge = mail.letter.challenge().map(|challenge| challenge.to_string()).unwrap_or_default();
            let query = query.realm(mail.realm).bind(challenge).text(mail.id);
            query.bind(mail.locale.as_str()).bind(letter.as_str()).time(*due_at)
        });
        calls::store(&self.remembered, writes);
        let counted: Vec<_> = self.counted.iter().collect();
        writes.add(&COUNT, &counted, |query, ((realm, minute, counter), n)| {
            query.realm(*realm).time(*minute).bind(counter.as_str()).bind(**n)
        });
    }
}
