//! Cases of [`Outbox`](otp_core::port::Outbox).

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use otp_core::challenge::Challenge;
use otp_core::effect::{Counter, Effect, Letter, MailJob, News, Notice, Once};
use otp_core::id::MailId;
use otp_core::limit::{HOUR, LimitKey, Rule, Window};
use otp_core::port::{Backlog, Leased, Progress, Request, Settled, Settlement, Stores};
use otp_core::tenant::TenantStatus;
use otp_core::time::Timestamp;

use super::race::{ROUNDS, count, race};
use super::trail::Trail;
use super::world::{LEASE, TICK, World};
use crate::answered::Answered;
use crate::samples::{NOW, test_world};

/// Queues `mails` mails of one fresh challenge at `now`.
async fn queue(w: &World, mails: usize, now: Timestamp) -> Vec<MailJob> {
    let challenge = w.samples.challenge(w.realm, now);
    let jobs: Vec<MailJob> = (0..mails).map(|_| w.samples.mail(&challenge)).collect();
    let admitted = jobs.iter().cloned().map(Effect::Mail).collect();
    w.admit(Request { admitted, ..w.samples.request(&challenge) }, now).await;
    jobs
}

/// The one entry of this tenant that is due.
async fn claim_one(w: &World, now: Timestamp) -> Leased {
    let mut claimed = w.claim(now, LEASE, 9).await;
    match (claimed.pop(), claimed.len()) {
        (Some(leased), 0) => leased,
        other => panic!("not one entry: {other:?}"),
    }
}

fn ids<'a>(claimed: impl IntoIterator<Item = &'a Leased>) -> Vec<MailId> {
    claimed.into_iter().map(|leased| leased.mail.id).collect()
}

/// What one claimer holds, nobody else is given before its lease has run out.
pub async fn claims_never_overlap(stores: Stores) {
    let w = World::new(stores);
    for _ in 0..ROUNDS / 5 {
        let queued = queue(&w, 20, NOW).await;
        let claimed = race((0..16).map(|_| w.claim(NOW, LEASE, 3))).await.concat();
        let distinct: BTreeSet<MailId> = ids(&claimed).into_iter().collect();
        assert_eq!(distinct.len(), claimed.len(), "an entry was given to two");
        assert!(claimed.iter().all(|leased| leased.lease.until == NOW.plus(LEASE)));
        assert_eq!(w.claim_all(NOW).await.len() + claimed.len(), queued.len());
        let early = w.claim(NOW.plus(LEASE).minus(TICK), LEASE, 100).await;
        assert_eq!(ids(&early), [], "given away before the lease ran out");
        // Once all leases have run out, each goes to one again.
        let again = race((0..16).map(|_| w.claim(NOW.plus(LEASE), LEASE, 100))).await.concat();
        let distinct: BTreeSet<MailId> = ids(&again).into_iter().collect();
        assert_eq!((distinct.len(), again.len()), (queued.len(), queued.len()));
        for leased in again {
            w.settle(leased.lease, Settlement::Finished, Vec::new(), NOW.plus(LEASE)).await;
        }
    }
}

/// Four hundred mails, sixteen who claim and settle until nothing is due: each goes out once, and
/// what was due first goes out first.
pub async fn a_backlog_is_shared(stores: Stores) {
    let w = World::new(stores);
    let mut queued: BTreeMap<MailId, MailJob> = BTreeMap::new();
    for _ in 0..4 {
        queued.extend(queue(&w, 100, NOW).await.into_iter().map(|mail| (mail.id, mail)));
    }
    let carried = race((0..16).map(|n| {
        let w = w.clone();
        async move {
            let mut carried: Vec<Leased> = Vec::new();
            loop {
                let claimed = w.claim(NOW, LEASE, 1 + n % 7).await;
                if claimed.is_empty() {
                    return carried;
                }
                for leased in claimed {
                    // A provider takes a moment, in which others claim.
                    tokio::task::yield_now().await;
                    let sent = vec![w.count(Counter::EmailsSent)];
                    let settled = w.settle(leased.lease, Settlement::Finished, sent, NOW).await;
                    assert_eq!(settled, Settled::Recorded);
                    carried.push(leased);
                    assert!(carried.len() <= 400, "mails carried more than once");
                }
            }
        }
    }))
    .await
    .concat();
    assert_eq!(carried.len(), queued.len(), "mails carried");
    for leased in carried {
        assert_eq!(Some(leased.mail.clone()), queued.remove(&leased.mail.id), "as it was queued, and once");
        assert_eq!(leased.progress, Progress::default());
    }
    assert_eq!(w.counted(Counter::EmailsSent).await, 400, "effects of settling");
    assert_eq!(w.claim_all(NOW.plus(LEASE)).await, [], "what is finished is gone");

    let mut by_due = Vec::new();
    for seconds in [5u32, 1, 3, 4, 2] {
        let due = NOW.plus(std::time::Duration::from_secs(seconds.into()));
        by_due.push((due, queue(&w, 1, due).await[0].id));
    }
    by_due.sort_unstable();
    // Before its time, none is given.
    let second = by_due[1].0;
    assert_eq!(ids(&w.claim(second.minus(TICK), TICK, 9).await), [by_due[0].1]);
    let now = NOW.plus(LEASE);
    for (_, id) in by_due {
        assert_eq!(ids(&w.claim(now, LEASE, 1).await), [id], "the longest due first");
    }
}

/// A lease ends exactly; the entry is then another's, with a higher token.
pub async fn a_lease_runs_out(stores: Stores) {
    let w = World::new(stores);
    let mail = queue(&w, 1, NOW).await.remove(0);
    let mut held = claim_one(&w, NOW).await;
    assert_eq!((&held.mail, held.lease.until), (&mail, NOW.plus(LEASE)));
    for _ in 0..3 {
        let until = held.lease.until;
        assert_eq!(ids(&w.claim(until.minus(TICK), LEASE, 9).await), []);
        let next = claim_one(&w, until).await;
        assert_eq!((&next.mail, next.lease.entry, next.lease.until), (&mail, held.lease.entry, until.plus(LEASE)));
        assert!(next.lease.token > held.lease.token, "{:?} after {:?}", next.lease, held.lease);
        held = next;
    }
    // Put back, it is given again with a higher token still.
    let at = held.lease.until.minus(TICK);
    let back = Settlement::RetryAt { at, progress: held.progress };
    assert_eq!(w.settle(held.lease, back, Vec::new(), at).await, Settled::Recorded);
    let next = claim_one(&w, at).await;
    assert!(next.lease.token > held.lease.token, "{:?} after {:?}", next.lease, held.lease);
}

/// A claim brings the challenge while its code opens something, and not a moment longer.
pub async fn a_dead_code_is_not_mailed(stores: Stores) {
    let w = World::new(stores);
    let (closed, living) = (w.challenge(), w.challenge());
    // The same id in the other world of the tenant: that one stays open.
    let twin = Challenge { realm: test_world(w.realm), address: w.samples.sealed(), ..closed.clone() };
    for challenge in [&closed, &living, &twin] {
        let admitted = vec![Effect::Mail(w.samples.mail(challenge))];
        w.admit(Request { admitted, ..w.samples.request(challenge) }, NOW).await;
    }
    w.sign_in(&closed).await;
    let last = NOW.plus(otp_core::challenge::DEFAULT_TTL).minus(TICK);
    for (now, alive) in [(NOW, true), (last, true), (last.plus(TICK), false)] {
        let claimed = w.claim(now, TICK, 9).await;
        assert_eq!(claimed.len(), 3, "a mail that is not to be sent is claimed as well, to be counted");
        for leased in claimed {
            let challenge = match leased.mail.letter.challenge() {
                Some(id) if id == living.id => Some(&living),
                _ => Some(&twin).filter(|twin| leased.mail.realm == twin.realm),
            };
            assert_eq!(leased.challenge.as_ref(), challenge.filter(|_| alive), "{:?} at {now}", leased.mail);
        }
    }
}

/// Every kind of letter comes out as it was put in; one that speaks of no challenge has none.
pub async fn letters_are_kept(stores: Stores) {
    let w = World::new(stores);
    let (challenge, unnoted) = (w.challenge(), Challenge { note: None, ..w.challenge() });
    let news = [
        News::Status { status: TenantStatus::Suspended, reason: Some("unpaid: \u{20ac} 'quoted'".to_owned()) },
        News::Status { status: TenantStatus::Active, reason: None },
        News::Plan { plan: "pro".to_owned() },
    ];
    let notices = news.map(|news| Letter::Notice(Notice { tenant: w.realm.tenant, news, expires_at: NOW.plus(LEASE) }));
    let letters = [
        w.samples.mail(&challenge).letter,
        Letter::Signup { challenge: unnoted.id },
        Letter::AccountExists { challenge: challenge.id },
    ];
    let jobs = letters.into_iter().chain(notices).map(|letter| MailJob { letter, ..w.samples.mail(&challenge) });
    let jobs: BTreeMap<MailId, MailJob> = jobs.map(|job| (job.id, job)).collect();
    w.put(&unnoted).await;
    let admitted = jobs.values().cloned().map(Effect::Mail).collect();
    w.admit(Request { admitted, ..w.samples.request(&challenge) }, NOW).await;

    let claimed = w.claim_all(NOW).await;
    assert_eq!(claimed.len(), jobs.len());
    for leased in claimed {
        assert_eq!(Some(&leased.mail), jobs.get(&leased.mail.id));
        let of = |id| if id == challenge.id { challenge.clone() } else { unnoted.clone() };
        assert_eq!(leased.challenge, leased.mail.letter.challenge().map(of));
        assert_eq!(leased.known_as, None);
        assert_eq!(w.settle(leased.lease, Settlement::Finished, Vec::new(), NOW).await, Settled::Recorded);
    }
}

/// Who has lost the lease, or settled already, writes nothing: neither settlement nor effects.
pub async fn a_lost_lease_writes_nothing(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let again = |at| Settlement::RetryAt { at, progress: Progress { tries: 7, admitted: true } };
    queue(&w, 1, NOW).await;
    let lost = claim_one(&w, NOW).await;
    let held = claim_one(&w, NOW.plus(LEASE)).await;
    let now = NOW.plus(LEASE);
    for how in [Settlement::Finished, again(now)] {
        assert_eq!(w.settle(lost.lease, how, trail.unwritten(), now).await, Settled::LeaseLost);
    }
    assert_eq!(ids(&w.claim(now, LEASE, 9).await), [], "put back by who had lost it");
    assert_eq!(w.settle(held.lease, again(now), trail.written(), now).await, Settled::Recorded);
    for how in [Settlement::Finished, again(now)] {
        assert_eq!(w.settle(held.lease, how, trail.unwritten(), now).await, Settled::LeaseLost, "settled before");
    }
    // Run out, but taken by nobody since: that still counts.
    let late = claim_one(&w, now).await;
    let later = late.lease.until.plus(LEASE);
    assert_eq!(w.settle(late.lease, Settlement::Finished, trail.written(), later).await, Settled::Recorded);
    assert_eq!(w.settle(late.lease, again(later), trail.unwritten(), later).await, Settled::LeaseLost);
    assert_eq!(w.claim_all(later.plus(LEASE)).await, []);
    trail.check().await;

    for round in 1..=ROUNDS as u64 {
        // The old holder settles while another claims: one of them has the entry, not both.
        queue(&w, 1, NOW).await;
        let old = claim_one(&w, NOW).await;
        let sent = w.count(Counter::EmailsSent);
        let racers = race([
            w.settle(old.lease, Settlement::Finished, vec![sent.clone()], now).map(Err).boxed(),
            w.claim(now, LEASE, 9).map(Ok).boxed(),
        ])
        .await;
        let mut carried = 0;
        for racer in racers {
            match racer {
                Err(settled) => carried += usize::from(settled == Settled::Recorded),
                Ok(claimed) => {
                    for leased in claimed {
                        // Settled by many at once, it is settled once.
                        let settle = || w.settle(leased.lease, Settlement::Finished, vec![sent.clone()], now);
                        let settled = race((0..8).map(|_| settle())).await;
                        carried += count(&settled, |settled| *settled == Settled::Recorded);
                    }
                }
            }
        }
        assert_eq!(carried, 1, "settlements recorded");
        assert_eq!(w.counted(Counter::EmailsSent).await, round, "effects written");
    }
}

/// What became of an entry and what follows from that are written as one.
pub async fn settling_writes_effects(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    queue(&w, 1, NOW).await;
    let first = claim_one(&w, NOW).await;
    let retry = Settlement::RetryAt { at: NOW, progress: first.progress };
    let effects = [trail.written(), vec![w.count(Counter::EmailsFailed)]].concat();
    assert_eq!(w.settle(first.lease, retry, effects, NOW).await, Settled::Recorded);
    trail.check().await;
    let second = claim_one(&w, NOW).await;
    let effects = [trail.written(), trail.written(), vec![w.count(Counter::EmailsSent)]].concat();
    assert_eq!(w.settle(second.lease, Settlement::Finished, effects, NOW).await, Settled::Recorded);
    trail.check().await;
    assert_eq!(w.counted(Counter::EmailsFailed).await, 1);
    assert_eq!(w.counted(Counter::EmailsSent).await, 1);
    assert_eq!(w.claim_all(NOW.plus(LEASE)).await, []);
}

/// Effects that come by themselves are written whole: counted, told, and queued.
pub async fn appended_effects_are_written(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let mail = w.samples.mail(&w.opened().await);
    let effects = [trail.written(), vec![w.count(Counter::EmailsFailed), Effect::Mail(mail.clone())], trail.written()];
    w.stores.challenges.append(effects.concat(), NOW).await.answered();
    w.stores.challenges.append(Vec::new(), NOW).await.answered();
    trail.check().await;
    assert_eq!(w.counted(Counter::EmailsFailed).await, 1);
    assert_eq!(claim_one(&w, NOW).await.mail, mail);
}

/// What is told once a window is told by one of many who have it to tell, and by nobody else until that is over.
pub async fn once_is_once(stores: Stores) {
    let w = World::new(stores);
    let mut trail = Trail::of(&w);
    let append = |effects: Vec<Effect>, now: Timestamp| {
        let store = w.stores.challenges.clone();
        async move { store.append(effects, now).await.answered() }
    };
    let midnight = NOW.next_day();
    for (window, end) in [(Window::Sliding(HOUR), NOW.plus(HOUR)), (Window::UtcDay, midnight)] {
        let key = w.samples.draw(w.realm, Rule::QuotaDayExceeded, 1).key;
        let once = |key, effects| vec![Effect::Once(Once { key, window, effects })];
        for now in [NOW, end] {
            let told = w.counted(Counter::EmailsMuted).await;
            let effects = vec![w.count(Counter::EmailsMuted), w.count(Counter::EmailsMuted)];
            race((0..50).map(|_| append(once(key, effects.clone()), now))).await;
            assert_eq!(w.counted(Counter::EmailsMuted).await, told + 2, "both, once");
        }
        append(once(key, trail.unwritten()), end).await;
        // Others are told by themselves; what stands beside is written each time.
        for rule in [Rule::QuotaDayWarned, Rule::QuotaMonthExceeded] {
            let key = LimitKey { rule, ..key };
            append([trail.written(), once(key, trail.written()), trail.written()].concat(), end).await;
            append([trail.written(), once(key, trail.unwritten())].concat(), end).await;
        }
        // Twice among the same effects, once; and one may hold another.
        let inner = LimitKey { rule: Rule::QuotaDayWarned, ..w.samples.draw(w.realm, Rule::EmailHour, 1).key };
        let outer = LimitKey { rule: Rule::QuotaDayExceeded, ..inner };
        let first = once(outer, [trail.written(), once(inner, trail.written())].concat());
        append([first, once(inner, trail.unwritten()), once(outer, trail.unwritten())].concat(), end).await;
        trail.check().await;
    }
}

/// An entry put back comes when it was to, as far as it had come.
pub async fn progress_is_kept(stores: Stores) {
    let w = World::new(stores);
    let mail = queue(&w, 1, NOW).await.remove(0);
    let mut now = NOW;
    let mut held = claim_one(&w, now).await;
    assert_eq!(held.progress, Progress { tries: 0, admitted: false });
    for progress in [
        Progress { tries: 1, admitted: false },
        Progress { tries: 2, admitted: true },
        Progress { tries: 70_000, admitted: true },
    ] {
        // Sooner than the lease would have run out, and later.
        let at = now.plus(LEASE * progress.tries.min(2) / 2 + TICK);
        let settled = w.settle(held.lease, Settlement::RetryAt { at, progress }, Vec::new(), now).await;
        assert_eq!(settled, Settled::Recorded);
        assert_eq!(ids(&w.claim(at.minus(TICK), LEASE, 9).await), [], "before its time");
        now = at;
        held = claim_one(&w, now).await;
        assert_eq!((&held.mail, held.progress), (&mail, progress));
    }
    // A lease that runs out changes nothing of it.
    let next = claim_one(&w, held.lease.until).await;
    assert_eq!((&next.mail, next.progress), (&mail, held.progress));
}

/// Everything not settled waits: due, under lease, or put back for later.
pub async fn backlog_counts_what_is_not_settled(stores: Stores) {
    let w = World::new(stores);
    // Long before any other case takes place, so that nothing of theirs is due.
    let now = Timestamp::from_millis(1_000_000_000);
    let backlog = async |now| w.stores.challenges.backlog(now).await.answered();
    let before = backlog(now).await;
    assert_eq!(before.oldest_due, None, "an entry of another case, or of an earlier run that failed");
    let waiting = |own| before.waiting + own;

    queue(&w, 1, now.plus(TICK)).await;
    assert_eq!(backlog(now).await, Backlog { waiting: waiting(1), oldest_due: None }, "not due yet");
    queue(&w, 2, now.plus(2 * TICK)).await;
    let all = now.plus(2 * TICK);
    assert_eq!(backlog(all).await, Backlog { waiting: waiting(3), oldest_due: Some(now.plus(TICK)) });

    let claimed = w.claim_all(all).await;
    assert_eq!((claimed.len(), backlog(all).await.waiting), (3, waiting(3)), "under lease");
    let at = all.plus(LEASE);
    let later = Settlement::RetryAt { at, progress: Progress::default() };
    for leased in &claimed {
        w.settle(leased.lease, later, Vec::new(), all).await;
    }
    assert_eq!(backlog(all).await, Backlog { waiting: waiting(3), oldest_due: None }, "put back for later");
    assert_eq!(backlog(at).await, Backlog { waiting: waiting(3), oldest_due: Some(at) });
    let mut left = 3;
    for leased in w.claim_all(at).await {
        w.settle(leased.lease, Settlement::Finished, Vec::new(), at).await;
        left -= 1;
        assert_eq!(backlog(at).await.waiting, waiting(left), "finished");
    }
    assert_eq!(backlog(at.plus(LEASE)).await, before);
}
