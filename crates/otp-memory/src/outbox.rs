//! Mail that waits to be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::effect::{Effect, MailJob};
use otp_core::fault::Res;
use otp_core::id::ChallengeId;
use otp_core::port::{Backlog, Lease, Leased, Outbox, Progress, Settled, Settlement};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::MemoryStore;
use crate::state::State;

/// The entries not settled yet.
#[derive(Default)]
pub(crate) struct Queue {
    entries: BTreeMap<i64, Entry>,
    /// Every entry, the longest due first.
    by_due: BTreeSet<(Timestamp, i64)>,
    /// The number of the last entry made; none is used twice.
    last: i64,
}

/// One mail that waits.
struct Entry {
    mail: MailJob,
    due_at: Timestamp,
    progress: Progress,
    /// The token last given out.
    token: i64,
    /// Until when its claim lasts; absent while nobody has claimed it since it was last settled.
    leased_until: Option<Timestamp>,
}

impl Entry {
    /// Whether `lease` is the last claim of it and not settled. One that ran out unnoticed still holds:
    /// what was done under it is better recorded than done twice.
    fn is_held_by(&self, lease: Lease) -> bool {
        self.leased_until.is_some() && self.token == lease.token
    }

    fn is_free(&self, now: Timestamp) -> bool {
        self.leased_until.is_none_or(|until| until <= now)
    }
}

impl Queue {
    /// Adds a mail that is due at once.
    pub(crate) fn push(&mut self, mail: MailJob, now: Timestamp) {
        self.last += 1;
        let entry = Entry { mail, due_at: now, progress: Progress::default(), token: 0, leased_until: None };
        self.entries.insert(self.last, entry);
        self.by_due.insert((now, self.last));
    }

    /// The numbers of the first `max` entries that are due and nobody's.
    fn free(&self, now: Timestamp, max: usize) -> Vec<i64> {
        let due = self.by_due.iter().take_while(|(due_at, _)| *due_at <= now).map(|(_, number)| *number);
        due.filter(|number| self.entries.get(number).is_some_and(|entry| entry.is_free(now))).take(max).collect()
    }

    fn settle(&mut self, lease: Lease, how: Settlement) -> Settled {
        let Some(entry) = self.entries.get_mut(&lease.entry).filter(|entry| entry.is_held_by(lease)) else {
            return Settled::LeaseLost;
        };
        self.by_due.remove(&(entry.due_at, lease.entry));
        match how {
            Settlement::Finished => {
                self.entries.remove(&lease.entry);
            }
            Settlement::RetryAt { at, progress } => {
                (entry.due_at, entry.progress, entry.leased_until) = (at, progress, None);
                self.by_due.insert((at, lease.entry));
            }
        }
        Settled::Recorded
    }

    /// Drops the mails that speak of one of `challenges`, claimed or not; answers how many there were.
    pub(crate) fn remove_of(&mut self, realm: Realm, challenges: &[ChallengeId]) -> u64 {
        let speaks = |mail: &MailJob| {
            mail.realm == realm && mail.letter.challenge().is_some_and(|challenge| challenges.contains(&challenge))
        };
        let before = self.entries.len();
        self.entries.retain(|_, entry| !speaks(&entry.mail));
        self.by_due.retain(|(_, number)| self.entries.contains_key(number));
        (before - self.entries.len()) as u64
    }

    fn backlog(&self, now: Timestamp) -> Backlog {
        let oldest = self.by_due.first().map(|(due_at, _)| *due_at);
        Backlog { waiting: self.entries.len() as u64, oldest_due: oldest.filter(|due_at| *due_at <= now) }
    }
}

impl State {
    fn claim(&mut self, now: Timestamp, lease: Duration, max: usize) -> Vec<Leased> {
        let free = self.queue.free(now, max);
        free.into_iter().filter_map(|number| self.lease(number, now, lease)).collect()
    }

    fn lease(&mut self, number: i64, now: Timestamp, lease: Duration) -> Option<Leased> {
        let entry = self.queue.entries.get_mut(&number)?;
        let until = now.plus(lease);
        entry.token += 1;
        entry.leased_until = Some(until);
        let named = entry.mail.letter.challenge();
        let challenge = named.and_then(|challenge| self.challenges.live(entry.mail.realm, challenge, now));
        let user = challenge.and_then(|challenge| self.users.by_address(challenge.realm, challenge.address_key));
        Some(Leased {
            lease: Lease { entry: number, token: entry.token, until },
            mail: entry.mail.clone(),
            progress: entry.progress,
            challenge: challenge.cloned(),
            known_as: user.map(|user| user.address.clone()),
        })
    }

    fn settle(&mut self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Settled {
        let settled = self.queue.settle(lease, how);
        if settled == Settled::Recorded {
            self.apply(effects, now);
        }
        settled
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<Leased>> {
        Ok(self.write("memory.claim", now)?.claim(now, lease, max))
    }

    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled> {
        Ok(self.write("memory.settle", now)?.settle(lease, how, effects, now))
    }

    async fn append(&self, effects: Vec<Effect>, now: Timestamp) -> Res<()> {
        self.write("memory.append", now)?.apply(effects, now);
        Ok(())
    }

    async fn backlog(&self, now: Timestamp) -> Res<Backlog> {
        Ok(self.read("memory.backlog")?.queue.backlog(now))
    }
}
