//! What is counted: by the minute first, by hours, days and months once that is over for a day.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use otp_core::analytics::{MINUTES_KEPT, Span};
use otp_core::effect::Counter;
use otp_core::fault::Res;
use otp_core::id::UserId;
use otp_core::port::{Active, Analytics, Counted, Metering, Total};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::MemoryStore;

/// Usage.
#[derive(Default)]
pub(crate) struct Usage {
    minutes: BTreeMap<(Realm, Timestamp), Tally>,
    spans: BTreeMap<(Realm, Span, Timestamp), Tally>,
}

/// What happened within some time.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<Counter, u64>,
    seen: BTreeSet<UserId>,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        for (counter, count) in &other.counts {
            *self.counts.entry(*counter).or_default() += count;
        }
        self.seen.extend(&other.seen);
    }
}

impl Usage {
    /// Counts `count` more.
    pub(crate) fn count(&mut self, realm: Realm, counter: Counter, at: Timestamp, count: u64) {
        *self.minute(realm, at).counts.entry(counter).or_default() += count;
    }

    /// Notes that a user was active.
    pub(crate) fn see(&mut self, realm: Realm, user: UserId, at: Timestamp) {
        self.minute(realm, at).seen.insert(user);
    }

    fn minute(&mut self, realm: Realm, at: Timestamp) -> &mut Tally {
        self.minutes.entry((realm, at.minute())).or_default()
    }

    /// The minutes that begin at `from` or later and before `until`.
    fn minutes(&self, realm: Realm, from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, &Tally)> {
        // A range that ends before it begins is empty here; to `BTreeMap::range` it is a reason to panic.
        let minutes = self.minutes.range((realm, from)..(realm, until.max(from)));
        minutes.map(|((_, minute), what)| (*minute, what))
    }

    /// The spans that begin at `from` or later and before `until`, each with all that happened in it.
    fn spans(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> BTreeMap<Timestamp, Tally> {
        let mut spans: BTreeMap<Timestamp, Tally> = BTreeMap::new();
        let rolled = self.spans.range((realm, span, from)..(realm, span, until.max(from)));
        for (start, what) in rolled.map(|((_, _, start), what)| (*start, what)) {
            spans.entry(start).or_default().add(what);
        }
        for (minute, what) in self.minutes(realm, from, until) {
            // The range may begin within a span, which then is not one of those that begin in it.
            let start = span.start(minute);
            if start >= from {
                spans.entry(start).or_default().add(what);
            }
        }
        spans
    }

    fn unique(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> u64 {
        let spans = self.spans(realm, span, from, until);
        spans.values().flat_map(|what| &what.seen).collect::<BTreeSet<_>>().len() as u64
    }

    fn roll_up(&mut self, now: Timestamp) -> u64 {
        let over = now.minus(MINUTES_KEPT);
        let old: Vec<_> = self.minutes.keys().filter(|(_, minute)| *minute < over).copied().collect();
        let mut rows = old.len();
        for key in old {
            let Some(what) = self.minutes.remove(&key) else { continue };
            let (realm, minute) = key;
            for span in Span::ALL {
                self.spans.entry((realm, span, span.start(minute))).or_default().add(&what);
            }
        }
        let before = self.spans.len();
        self.spans.retain(|(_, span, start), _| span.kept().is_none_or(|kept| *start >= now.minus(kept)));
        rows += before - self.spans.len();
        rows as u64
    }
}

#[async_trait]
impl Metering for MemoryStore {
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>> {
        let totals = self.totals(realm, Span::Hour, from, until).await?;
        Ok(totals.into_iter().map(Counted::from).collect())
    }

    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64> {
        self.unique(realm, Span::Hour, from, until).await
    }

    async fn users(&self, realm: Realm) -> Res<u64> {
        Ok(self.read("memory.users")?.users.count(realm).into())
    }
}

#[async_trait]
impl Analytics for MemoryStore {
    async fn totals(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<Vec<Total>> {
        let spans = self.read("memory.totals")?.usage.spans(realm, span, from, until);
        let total = |(start, what): (Timestamp, Tally)| {
            what.counts.into_iter().map(move |(counter, count)| Total { start, counter, count })
        };
        Ok(spans.into_iter().flat_map(total).collect())
    }

    async fn active(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<Vec<Active>> {
        let spans = self.read("memory.active")?.usage.spans(realm, span, from, until);
        let active = spans.into_iter().map(|(start, what)| Active { start, users: what.seen.len() as u64 });
        Ok(active.filter(|active| active.users > 0).collect())
    }

    async fn unique(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<u64> {
        Ok(self.read("memory.unique")?.usage.unique(realm, span, from, until))
    }

    async fn since(&self, realm: Realm, from: Timestamp) -> Res<Vec<(Counter, u64)>> {
        let state = self.read("memory.since")?;
        let mut all = Tally::default();
        state.usage.minutes(realm, from.minute(), Timestamp::from_millis(i64::MAX)).for_each(|(_, what)| all.add(what));
        Ok(all.counts.into_iter().collect())
    }

    async fn active_since(&self, realm: Realm, from: Timestamp) -> Res<u64> {
        let state = self.read("memory.active_since")?;
        let minutes = state.usage.minutes(realm, from.minute(), Timestamp::from_millis(i64::MAX));
        Ok(minutes.flat_map(|(_, what)| &what.seen).collect::<BTreeSet<_>>().len() as u64)
    }

    async fn octets(&self, realm: Realm) -> Res<u64> {
        Ok(self.read("memory.octets")?.octets(realm))
    }

    async fn roll_up(&self, now: Timestamp) -> Res<u64> {
        Ok(self.write("memory.roll_up", now)?.usage.roll_up(now))
    }
}
