//! Cases of [`AuditTrail`](otp_core::port::AuditTrail).

use std::collections::BTreeMap;
use std::time::Duration;

use otp_core::audit::{AuditEntry, AuditEvent, Head, Kept, Link, Mac};
use otp_core::caller::Actor;
use otp_core::effect::Effect;
use otp_core::id::{AuditId, KeyId};
use otp_core::port::{AuditCursor, AuditFilter, Placed, Request, Sealing, Stores, Unsealed};
use otp_core::time::Timestamp;

use super::race::race;
use super::world::World;
use crate::answered::Answered;
use crate::samples::NOW;

/// A chain as a sealer without a key makes it: each MAC is a number.
fn continued(unsealed: Unsealed) -> Sealing {
    let Unsealed { tenant, head, entries } = unsealed;
    let mac = |number: u64| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Mac::from_bytes(bytes)
    };
    let mut next = head.unwrap_or(Head::NONE);
    let mut links = Vec::new();
    for (number, kept) in entries {
        next.last += 1;
        next.latest = mac(next.last);
        next.oldest.get_or_insert(kept.at);
        links.push((number, Link { seq: next.last, mac: next.latest, kept }));
    }
    next.mac = mac(1_000_000 + next.last);
    Sealing { tenant, expected: head, head: next, links }
}

impl World {
    /// Writes an entry, by itself.
    async fn write(&self, entry: &AuditEntry) {
        self.stores.challenges.append(vec![Effect::Audit(entry.clone())], entry.at).await.answered();
    }

    /// An entry of this tenant, not written yet.
    fn line(&self, at: Timestamp) -> AuditEntry {
        self.samples.audit(self.realm, AuditEvent::OtpRequested, at)
    }

    /// What waits of this tenant's trail, up to `max` entries of whatever trails.
    async fn waits(&self, max: usize) -> Option<Unsealed> {
        let all = self.stores.trails.unsealed(max).await.answered();
        assert!(all.iter().map(|trail| trail.entries.len()).sum::<usize>() <= max);
        all.into_iter().find(|trail| trail.tenant == self.realm.tenant)
    }

    /// Seals everything that waits of this tenant's trail.
    async fn seal_all(&self) {
        while let Some(waiting) = self.waits(100).await {
            self.stores.trails.seal(vec![continued(waiting)]).await.answered();
        }
    }

    async fn chain(&self) -> Vec<Link> {
        self.stores.trails.links(self.realm.tenant, 0, 10_000).await.answered()
    }

    async fn found(&self, filter: &AuditFilter) -> Vec<AuditId> {
        let found = self.stores.trails.page(self.realm.tenant, filter, None, 1_000).await.answered();
        found.into_iter().map(|placed| placed.entry.id).collect()
    }
}

/// Pages neither skip nor double an entry, many of one time among them, whatever is sealed in between.
pub async fn trails_are_paged(stores: Stores) {
    let w = World::new(stores.clone());
    let other = World::new(stores);
    let mut expected = Vec::new();
    for n in 0..30u64 {
        let entry = w.line(NOW.plus(Duration::from_secs(n / 7)));
        w.write(&entry).await;
        other.write(&other.line(NOW)).await;
        expected.push(entry);
        if n == 14 {
            w.seal_all().await;
        }
    }
    expected.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    for max in [1, 4, 30] {
        let mut pages: Vec<Placed> = Vec::new();
        let mut after = None;
        loop {
            let page = w.stores.trails.page(w.realm.tenant, &AuditFilter::default(), after, max).await.answered();
            assert!(page.len() <= max);
            let Some(last) = page.last() else { break };
            after = Some(AuditCursor { at: last.entry.at, id: last.entry.id });
            pages.extend(page);
            if pages.len() == 4 {
                w.seal_all().await;
            }
        }
        assert_eq!(pages.iter().map(|placed| &placed.entry).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
        let unplaced = pages.iter().filter(|placed| placed.seq.is_none()).count();
        assert!(max == 1 || unplaced == 0, "sealed by now");
    }
}

/// Time, event, actor and what is mentioned, each alone and together, sealed or not.
pub async fn trails_are_filtered(stores: Stores) {
    let w = World::new(stores);
    let key = w.samples.id(KeyId::generate);
    let second = Duration::from_secs(1);
    let entries: Vec<AuditEntry> = (0..12u32)
        .map(|n| {
            let event = if n % 2 == 0 { AuditEvent::OtpRequested } else { AuditEvent::OtpFailed };
            let mut entry = w.samples.audit(w.realm, event, NOW.plus(n * second));
            entry.actor = if n % 3 == 0 { Actor::Key(key) } else { Actor::System };
            entry.with("number", format!("n{n}n"))
        })
        .collect();
    for (n, entry) in entries.iter().enumerate() {
        w.write(entry).await;
        if n == 5 {
            w.seal_all().await;
        }
    }
    let is = async |filter: AuditFilter, numbers: &[usize]| {
        let expected: Vec<_> = numbers.iter().rev().map(|n| entries[*n].id).collect();
        assert_eq!(w.found(&filter).await, expected, "{filter:?}");
    };
    let any = AuditFilter::default;
    is(any(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).await;
    is(AuditFilter { from: Some(NOW.plus(9 * second)), ..any() }, &[9, 10, 11]).await;
    is(AuditFilter { until: Some(NOW.plus(2 * second)), ..any() }, &[0, 1]).await;
    is(AuditFilter { event: Some(AuditEvent::OtpFailed), ..any() }, &[1, 3, 5, 7, 9, 11]).await;
    is(AuditFilter { event: Some(AuditEvent::UserCreated), ..any() }, &[]).await;
    is(AuditFilter { actor: Some(key.to_string()), ..any() }, &[0, 3, 6, 9]).await;
    is(AuditFilter { actor: Some("system".to_owned()), ..any() }, &[1, 2, 4, 5, 7, 8, 10, 11]).await;
    is(AuditFilter { mentions: Some("n1n".to_owned()), ..any() }, &[1]).await;
    let all = AuditFilter {
        from: Some(NOW.plus(second)),
        until: Some(NOW.plus(9 * second)),
        event: Some(AuditEvent::OtpFailed),
        actor: Some(key.to_string()),
        mentions: None,
    };
    is(all, &[3]).await;
}

/// Everything written is sealed once, as it was written, in its order, however many write and seal meanwhile.
pub async fn entries_are_sealed_once(stores: Stores) {
    let w = World::new(stores);
    let trails = w.stores.trails.clone();
    assert_eq!((trails.head(w.realm.tenant).await.answered(), w.chain().await), (None, Vec::new()));

    let entries: Vec<_> = (0..60).map(|n| w.line(NOW.plus(Duration::from_millis(n)))).collect();
    let written = entries.clone();
    let writing = race(written.into_iter().map(|entry| {
        let w = w.clone();
        async move {
            w.admit(Request { admitted: vec![Effect::Audit(entry)], ..w.samples.request(&w.challenge()) }, NOW).await;
        }
    }));
    let sealing = async {
        for _ in 0..20 {
            if let Some(waiting) = w.waits(7).await {
                w.stores.trails.seal(vec![continued(waiting)]).await.answered();
            }
            tokio::task::yield_now().await;
        }
    };
    futures::join!(writing, sealing);
    let (waiting, sealed) = (trails.waiting(w.realm.tenant).await.answered(), w.chain().await.len());
    assert_eq!(waiting as usize + sealed, 60);
    w.seal_all().await;
    assert_eq!(trails.waiting(w.realm.tenant).await.answered(), 0);

    let chain = w.chain().await;
    assert_eq!(chain.iter().map(|link| link.seq).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
    let Some(head) = trails.head(w.realm.tenant).await.answered() else { panic!("no head") };
    assert_eq!((head.first, head.last, head.latest), (1, 60, chain[59].mac));
    assert_eq!(head.oldest, Some(chain[0].kept.at));
    let as_written: BTreeMap<_, _> = entries.iter().map(|entry| (entry.id, Kept::of(entry).answered())).collect();
    let as_sealed: BTreeMap<_, _> = chain.iter().map(|link| (link.kept.id, link.kept.clone())).collect();
    assert_eq!(as_sealed, as_written);
    assert_eq!(trails.links(w.realm.tenant, 57, 2).await.answered(), chain[57..59]);

    // One after the other: the order is that of the answers.
    for n in 0..5 {
        w.write(&w.line(NOW.plus(Duration::from_secs(100 - n)))).await;
    }
    w.seal_all().await;
    let later: Vec<_> = w.chain().await[60..].iter().map(|link| link.kept.at).collect();
    assert!(later.is_sorted_by(|before, after| before > after), "{later:?}");
}

/// Of several who continue the same chain one does, and nothing is lost or sealed twice.
pub async fn sealers_do_not_disturb_each_other(stores: Stores) {
    let w = World::new(stores);
    for round in 0..6u64 {
        for n in 0..10 {
            w.write(&w.line(NOW.plus(Duration::from_millis(10 * round + n)))).await;
        }
        let Some(waiting) = w.waits(100).await else { panic!("nothing waits") };
        let sealed = race((0..8).map(|_| {
            let (trails, waiting) = (w.stores.trails.clone(), waiting.clone());
            async move { trails.seal(vec![continued(waiting)]).await.answered() }
        }));
        let sealed = sealed.await;
        assert_eq!(sealed.iter().filter(|sealed| **sealed > 0).count(), 1, "{sealed:?}");
    }
    w.seal_all().await;
    let chain = w.chain().await;
    assert_eq!(chain.iter().map(|link| link.seq).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
    assert!(chain.iter().map(|link| link.kept.at).is_sorted());
}

/// What is old goes, from the beginning, with the head that says so; a stale head changes nothing.
pub async fn a_chain_is_shortened_from_its_beginning(stores: Stores) {
    let w = World::new(stores);
    let second = Duration::from_secs(1);
    for n in 0..10 {
        w.write(&w.line(NOW.plus(n * second))).await;
    }
    w.seal_all().await;
    let (trails, tenant) = (w.stores.trails.clone(), w.realm.tenant);
    let begins = async |before| {
        let due = trails.beginning_before(before, 10_000).await.answered();
        due.into_iter().find(|(of, _)| *of == tenant).map(|(_, head)| head)
    };
    assert_eq!(begins(NOW).await, None);
    let Some(head) = begins(NOW.plus(second)).await else { panic!("older than that") };
    assert_eq!(trails.head(tenant).await.answered(), Some(head));

    let chain = w.chain().await;
    let mac = Mac::from_bytes([9; 32]);
    let next = Head { first: 5, before: chain[3].mac, oldest: Some(chain[4].kept.at), mac, ..head };
    let stale = Head { mac: Mac::NOTHING, ..head };
    assert_eq!(trails.shorten(tenant, &stale, next).await.answered(), 0);
    assert_eq!(w.chain().await.len(), 10);
    assert_eq!(trails.shorten(tenant, &head, next).await.answered(), 4);
    assert_eq!(w.chain().await, chain[4..]);
    assert_eq!(trails.head(tenant).await.answered(), Some(next));
    assert_eq!((begins(NOW.plus(4 * second)).await, begins(NOW.plus(5 * second)).await), (None, Some(next)));
    assert_eq!(trails.shorten(tenant, &head, next).await.answered(), 0, "by whom it was overtaken");

    let empty = Head { first: 11, before: chain[9].mac, oldest: None, mac: Mac::from_bytes([8; 32]), ..next };
    assert_eq!(trails.shorten(tenant, &next, empty).await.answered(), 6);
    assert_eq!((w.chain().await, begins(NOW.plus(100 * second)).await), (Vec::new(), None));
    w.write(&w.line(NOW)).await;
    w.seal_all().await;
    let chain = w.chain().await;
    assert_eq!(chain.iter().map(|link| link.seq).collect::<Vec<_>>(), [11]);
    assert_eq!(trails.head(tenant).await.answered().map(|head| (head.first, head.last)), Some((11, 11)));
}
