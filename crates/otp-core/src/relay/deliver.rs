//! One mail: whether it may still go out, one try, and what follows from that.

use std::time::Duration;

use super::letter::Addressed;
use super::{Relay, backoff};
use crate::audit::{AuditEvent, Target};
use crate::caller::{Actor, Caller};
use crate::effect::{Counter, Effect, MailJob};
use crate::email::EmailAddress;
use crate::fault::Res;
use crate::limit::{Admission, Draw, HOUR, LimitKey, Rule, Window};
use crate::port::{Delivery, Lease, Leased, Progress, Settled, Settlement};
use crate::realm::Realm;
use crate::tally;
use crate::time::Timestamp;
use crate::traffic::{Category, Wrong};

/// Mails an hour to one recipient from tenants it never signed in at.
const PER_STRANGER: u32 = 20;

impl Relay {
    /// Tries to send one mail and records what became of it. A mail that is of no use any more is dropped; a
    /// mail to someone whom strangers have sent too many is muted; neither is told to anyone outside.
    pub(super) async fn deliver(&self, leased: Leased) -> Res<()> {
        let (lease, progress) = (leased.lease, leased.progress);
        let addressed = self.addressed(&leased).await?;
        let mail = leased.mail;
        let Some(addressed) = addressed else {
            return self.finish(lease, &mail, Counter::EmailsDropped, Vec::new()).await;
        };
        if !progress.admitted && !addressed.is_known {
            match self.down.limits.note(self.admit(&addressed.recipient).await) {
                Ok(true) => {}
                Ok(false) => {
                    let muted = self.muted(&mail, &addressed.recipient)?;
                    return self.finish(lease, &mail, Counter::EmailsMuted, vec![muted]).await;
                }
                // Limits may be down while the outbox is not. Without the pause the mail would lie there
                // until its lease runs out, long after they are back.
                Err(_) => {
                    return self.retry(lease, &mail, addressed.expires_at, progress, None, "limits_unavailable").await;
                }
            }
        }
        let progress = Progress { admitted: true, ..progress };
        match self.send(&mail, &addressed).await? {
            Delivery::Sent => self.finish(lease, &mail, Counter::EmailsSent, Vec::new()).await,
            Delivery::BadRecipient => self.give_up(lease, &mail, "bad_recipient").await,
            Delivery::Throttled(pause) => {
                self.retry(lease, &mail, addressed.expires_at, progress, pause, "throttled").await
            }
            Delivery::Transient => self.retry(lease, &mail, addressed.expires_at, progress, None, "transient").await,
            Delivery::RejectedConfig => {
                self.retry(lease, &mail, addressed.expires_at, progress, None, "rejected_config").await
            }
        }
    }

    async fn send(&self, mail: &MailJob, addressed: &Addressed) -> Res<Delivery> {
        let now = self.deployment.now();
        let outgoing = self.composed(mail.id, mail.locale, addressed, now)?;
        Ok(self.mailer.send(&outgoing, now).await)
    }

    /// Draws the recipient's limit over all tenants, once for each mail: tries after a failure do not
    /// draw again. Only a relay that ends between draw and settlement does; that costs a unit and
    /// grants nothing.
    async fn admit(&self, recipient: &EmailAddress) -> Res<bool> {
        let subject = self.deployment.keys.address_subject(recipient);
        let key = LimitKey { realm: Realm::SERVICE, rule: Rule::RecipientHour, subject };
        let draw = Draw::new(key, PER_STRANGER, Window::Sliding(HOUR));
        let admission = self.deployment.stores.limits.acquire(vec![draw], self.deployment.now()).await?;
        let is_admitted = matches!(admission, Admission::Admitted(_));
        if !is_admitted {
            tally::refused(Rule::RecipientHour);
        }
        Ok(is_admitted)
    }

    fn muted(&self, mail: &MailJob, recipient: &EmailAddress) -> Res<Effect> {
        let caller = Caller::of(Actor::System);
        let target = Some(Target::Mail(mail.id));
        let entry = self.deployment.audit(mail.realm, AuditEvent::MailMuted, target, &caller, self.deployment.now())?;
        Ok(Effect::Audit(entry.with("address", self.deployment.keys.audit_name(mail.realm, recipient))))
    }

    /// Tries again after a pause, or gives up if the mail will be of no use by then.
    async fn retry(
        &self,
        lease: Lease,
        mail: &MailJob,
        expires_at: Timestamp,
        progress: Progress,
        floor: Option<Duration>,
        why: &'static str,
    ) -> Res<()> {
        let now = self.deployment.now();
        let progress = Progress { tries: progress.tries.saturating_add(1), ..progress };
        let pause = backoff::pause(progress.tries, &*self.deployment.entropy)?;
        let at = now.plus(floor.map_or(pause, |floor| floor.max(pause)));
        if at >= expires_at {
            return self.give_up(lease, mail, why).await;
        }
        self.settle(lease, Settlement::RetryAt { at, progress }, Vec::new(), now).await.map(drop)
    }

    async fn give_up(&self, lease: Lease, mail: &MailJob, why: &'static str) -> Res<()> {
        self.finish(lease, mail, Counter::EmailsFailed, Vec::new()).await?;
        let wrong = Wrong { category: Category::EmailDelivery, code: why };
        self.deployment.meter.failure(mail.realm, self.deployment.now(), wrong, "email");
        Ok(())
    }

    async fn finish(&self, lease: Lease, mail: &MailJob, counter: Counter, mut effects: Vec<Effect>) -> Res<()> {
        let now = self.deployment.now();
        tracing::debug!(mail = %mail.id, outcome = counter.as_str(), "mail settled");
        effects.push(Effect::Count { realm: mail.realm, counter, at: now });
        let settled = self.settle(lease, Settlement::Finished, effects, now).await?;
        // Whoever has the lease now counts it.
        if settled == Settled::Recorded {
            if counter == Counter::EmailsFailed {
                tally::gave_up();
            } else if counter == Counter::EmailsMuted {
                tally::muted();
            }
        }
        Ok(())
    }

    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled> {
        let settled = self.deployment.stores.challenges.settle(lease, how, effects, now).await;
        let settled = self.down.outbox.note(settled)?;
        if settled == Settled::LeaseLost {
            tracing::warn!(
                "a lease ran out before its mail was settled; the mail may go out twice, with the same id and code"
            );
        }
        Ok(settled)
    }
}
