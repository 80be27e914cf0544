//! Cases of [`Analytics`](otp_core::port::Analytics).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use otp_core::analytics::{MINUTES_KEPT, Span};
use otp_core::audit::AuditEvent;
use otp_core::effect::{Counter, Effect, Who};
use otp_core::id::UserId;
use otp_core::limit::{DAY, HOUR};
use otp_core::port::{Active, Stores, Total};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use super::race::race;
use super::world::World;
use crate::answered::Answered;
use crate::samples::test_world;

const MINUTE: Duration = Duration::from_secs(60);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text} is no point in time"))
}

/// What was counted and seen, as a list.
struct Book {
    counted: Vec<(Timestamp, Counter)>,
    seen: Vec<(Timestamp, UserId)>,
}

impl Book {
    fn totals(&self, span: Span, from: Timestamp, until: Timestamp) -> Vec<Total> {
        let mut sums: BTreeMap<(Timestamp, Counter), u64> = BTreeMap::new();
        for (when, counter) in &self.counted {
            *sums.entry((span.start(*when), *counter)).or_default() += 1;
        }
        let totals = sums.into_iter().map(|((start, counter), count)| Total { start, counter, count });
        totals.filter(|total| total.start >= from && total.start < until).collect()
    }

    fn active(&self, span: Span, from: Timestamp, until: Timestamp) -> Vec<Active> {
        let users: BTreeSet<_> = self.seen.iter().map(|(when, user)| (span.start(*when), *user)).collect();
        let mut sums: BTreeMap<Timestamp, u64> = BTreeMap::new();
        for (start, _) in users {
            *sums.entry(start).or_default() += 1;
        }
        let active = sums.into_iter().map(|(start, users)| Active { start, users });
        active.filter(|active| active.start >= from && active.start < until).collect()
    }

    fn unique(&self, from: Timestamp, until: Timestamp) -> u64 {
        let seen = self.seen.iter().filter(|(when, _)| *when >= from && *when < until);
        seen.map(|(_, user)| user).collect::<BTreeSet<_>>().len() as u64
    }

    /// Writes it into `realm`, in pieces that race.
    async fn write(&self, w: &World, realm: Realm) {
        let count = |(at, counter): &(Timestamp, Counter)| Effect::Count { realm, counter: *counter, at: *at };
        let see = |(at, user): &(Timestamp, UserId)| Effect::Seen { realm, who: Who::User(*user), at: *at };
        let effects: Vec<_> = self.counted.iter().map(count).chain(self.seen.iter().map(see)).collect();
        race(effects.chunks(7).map(|effects| {
            let (store, effects) = (w.stores.challenges.clone(), effects.to_vec());
            async move { store.append(effects, at("2024-03-03T12:00:00Z")).await.answered() }
        }))
        .await;
    }

    async fn check(&self, w: &World, realm: Realm, when: &str) {
        let analytics = &w.stores.analytics;
        let (from, until) = (at("2024-02-01T00:00:00Z"), at("2024-05-01T00:00:00Z"));
        for span in Span::ALL {
            assert_eq!(
                analytics.totals(realm, span, from, until).await.answered(),
                self.totals(span, from, until),
                "{span:?}, {when}"
            );
            assert_eq!(
                analytics.active(realm, span, from, until).await.answered(),
                self.active(span, from, until),
                "{span:?}, {when}"
            );
        }
        for (from, until) in [
            ("2024-02-29T00:00:00Z", "2024-03-02T00:00:00Z"),
            ("2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"),
            ("2024-03-02T00:00:00Z", "2024-03-02T00:00:00Z"),
            ("2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z"),
        ] {
            let (from, until) = (at(from), at(until));
            assert_eq!(
                analytics.totals(realm, Span::Hour, from, until).await.answered(),
                self.totals(Span::Hour, from, until)
            );
            for span in [Span::Hour, Span::Day] {
                let unique = analytics.unique(realm, span, from, until).await.answered();
                assert_eq!(unique, self.unique(from, until), "{span:?} from {from} until {until}, {when}");
            }
        }
    }
}

/// Rolls up until nothing is left, by several at once.
async fn roll_up(stores: &Stores, now: Timestamp) {
    race((0..3).map(|_| {
        let analytics = stores.analytics.clone();
        async move { while analytics.roll_up(now).await.answered() > 0 {} }
    }))
    .await;
}

/// Hours, days and months add up across midnight and the end of a month, before, while and after minutes are rolled up.
pub async fn spans_add_up(stores: Stores) {
    let w = World::new(stores);
    let users: Vec<UserId> = (0..6).map(|_| w.samples.id(UserId::generate)).collect();
    let mut book = Book { counted: Vec::new(), seen: Vec::new() };
    let begin = at("2024-02-29T21:30:00Z");
    for n in 0..180u32 {
        // A minute and two seconds apart at first, then hours: over midnight, which ends the month, and two days more.
        let when =
            if n < 150 { begin.plus(n * (MINUTE + Duration::from_secs(2))) } else { begin.plus((n - 148) * 2 * HOUR) };
        book.counted.push((when, if n % 3 == 0 { Counter::OtpRequests } else { Counter::OtpVerifications }));
        book.seen.push((when, users[(n % 5) as usize]));
    }
    let realms = [w.realm, test_world(w.realm)];
    let nobody = w.samples.realm();
    book.write(&w, w.realm).await;
    book.write(&w, test_world(w.realm)).await;
    let check = async |when: &str| {
        for realm in realms {
            book.check(&w, realm, when).await;
        }
        Book { counted: Vec::new(), seen: Vec::new() }.check(&w, nobody, when).await;
    };
    check("nothing rolled up").await;
    // As the minutes get old, a few at a time, the edge going through hours, a midnight and the end of the month.
    for hours in [0u32, 1, 2, 3, 5, 30, 80] {
        roll_up(&w.stores, begin.plus(MINUTES_KEPT + hours * HOUR + MINUTE * 10)).await;
        check(&format!("rolled up {hours} hours later")).await;
    }
    // What comes late is added to what is rolled up.
    let late = Book { counted: vec![(begin, Counter::NewUsers)], seen: vec![(begin, users[5]), (begin, users[0])] };
    for realm in realms {
        late.write(&w, realm).await;
    }
    book.counted.extend(late.counted);
    book.seen.extend(late.seen);
    for realm in realms {
        book.check(&w, realm, "late").await;
    }
    roll_up(&w.stores, begin.plus(10 * DAY)).await;
    for realm in realms {
        book.check(&w, realm, "late, and rolled up").await;
    }
}

/// Hours are forgotten after ninety days, days after three years, months never.
pub async fn old_spans_are_forgotten(stores: Stores) {
    let w = World::new(stores);
    let when = at("2020-06-15T10:30:00Z");
    let user = w.samples.id(UserId::generate);
    let book = Book { counted: vec![(when, Counter::OtpRequests)], seen: vec![(when, user)] };
    book.write(&w, w.realm).await;
    let found = async || {
        let (from, until) = (at("2020-01-01T00:00:00Z"), at("2021-01-01T00:00:00Z"));
        let mut found = Vec::new();
        for span in Span::ALL {
            let totals = w.stores.analytics.totals(w.realm, span, from, until).await.answered();
            let active = w.stores.analytics.active(w.realm, span, from, until).await.answered();
            found.push((totals.len(), active.len()));
        }
        found
    };
    roll_up(&w.stores, when.hour().plus(90 * DAY)).await;
    assert_eq!(found().await, [(1, 1), (1, 1), (1, 1)]);
    roll_up(&w.stores, when.hour().plus(91 * DAY)).await;
    assert_eq!(found().await, [(0, 0), (1, 1), (1, 1)]);
    roll_up(&w.stores, when.day().plus(3 * 365 * DAY)).await;
    assert_eq!(found().await, [(0, 0), (1, 1), (1, 1)]);
    roll_up(&w.stores, when.day().plus(3 * 365 * DAY + HOUR)).await;
    assert_eq!(found().await, [(0, 0), (0, 0), (1, 1)]);
}

/// The last hours are exact to the minute.
pub async fn minutes_are_exact(stores: Stores) {
    let w = World::new(stores);
    let users: Vec<UserId> = (0..2).map(|_| w.samples.id(UserId::generate)).collect();
    let now = at("2024-03-01T00:10:30Z");
    let book = Book {
        counted: vec![
            (now.minus(DAY + MINUTE), Counter::OtpRequests),
            (now.minus(DAY), Counter::OtpRequests),
            (now.minus(HOUR), Counter::OtpRequests),
            (now, Counter::OtpRequests),
            (now, Counter::NewUsers),
        ],
        seen: vec![(now.minus(DAY), users[0]), (now.minus(HOUR), users[1]), (now, users[1])],
    };
    for realm in [w.realm, test_world(w.realm)] {
        book.write(&w, realm).await;
    }
    roll_up(&w.stores, now).await;
    let since = async |from: Timestamp| {
        let mut counts = w.stores.analytics.since(w.realm, from).await.answered();
        counts.sort_unstable();
        (counts, w.stores.analytics.active_since(w.realm, from).await.answered())
    };
    let counted = |requests| vec![(Counter::OtpRequests, requests), (Counter::NewUsers, 1)];
    assert_eq!(since(now.minus(DAY)).await, (counted(3), 2));
    assert_eq!(since(now.minus(DAY).minus(Duration::from_secs(31))).await, (counted(4), 2));
    assert_eq!(since(now.minus(DAY - MINUTE)).await, (counted(2), 1));
    assert_eq!(since(now.hour()).await, (counted(1), 1));
    assert_eq!(since(now.plus(MINUTE)).await, (vec![], 0));
}

/// Users and the audit trail take room, and leave it.
pub async fn what_is_kept_takes_room(stores: Stores) {
    let w = World::new(stores);
    let octets = async |realm| w.stores.analytics.octets(realm).await.answered();
    assert_eq!([octets(w.realm).await, octets(test_world(w.realm)).await], [0, 0]);
    let mut before = 0;
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(w.signed_in().await.user.id);
        let after = octets(w.realm).await;
        assert!(after > before, "{after} octets");
        before = after;
    }
    let told = w.samples.audit(w.realm, AuditEvent::OtpRequested, at("2024-03-01T00:00:00Z"));
    w.stores.challenges.append(vec![Effect::Audit(told)], at("2024-03-01T00:00:00Z")).await.answered();
    assert!(octets(w.realm).await > before + 100);
    let before = octets(w.realm).await;
    w.stores.erasure.erase(w.realm, users[0], Vec::new(), at("2024-03-01T00:00:00Z")).await.answered();
    assert!(octets(w.realm).await < before);
    assert_eq!(octets(test_world(w.realm)).await, 0);
}
