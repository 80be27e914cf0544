//! Verbs as they are put to a store, and answers as they can be compared.

use std::collections::BTreeMap;
use std::time::Duration;

use otp_core::api_key::KeyHash;
use otp_core::audit::AuditEntry;
use otp_core::challenge::{Challenge, Lookup};
use otp_core::effect::{Effect, MailJob};
use otp_core::id::{KeyId, MailId, SessionId, TenantId};
use otp_core::keys::Sealed;
use otp_core::limit::{Admission, Draw, Usage};
use otp_core::port::{
    Age, Attempt, Counted, Inserted, Lease, Opened, Presented, Progress, Replaced, Request, Revocation, Rotated,
    Rotation, Settled, Settlement, Stores, TenantCursor, TenantFilter,
};
use otp_core::realm::Realm;
use otp_core::session::LiveSession;
use otp_core::tenant::{Tenant, Version};
use otp_core::time::Timestamp;

use crate::answered::Answered;

/// A call of a port, the same to both stores; but for leases, which each store numbers by itself.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Open(Request),
    Live(Lookup),
    Attempt(Presented),
    Claim { lease: Duration },
    Settle { mail: MailId, leases_ago: usize, how: Settlement, effects: Vec<Effect> },
    Backlog,
    Acquire(Vec<Draw>),
    Usage(Vec<Draw>),
    Foregone(Request),
    Session(Realm, SessionId),
    Rotate(Rotation),
    Revoke(Revocation),
    Insert(Tenant, Vec<Effect>),
    Replace(Tenant, Version, Vec<Effect>),
    Touch(TenantId, KeyId, Timestamp),
    KeyUses(TenantId),
    Tenant(TenantId),
    TenantByKey(KeyHash),
    List(TenantFilter, Option<TenantCursor>, usize),
    Counts(Realm, Timestamp, Timestamp),
    UniqueUsers(Realm, Timestamp, Timestamp),
    Users(Realm),
    Trail(TenantId),
    KeepRoot(Sealed),
}

/// What a store answered, without what stores may decide for themselves: the numbers and tokens of
/// leases, and the order of what was written as one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Opened(Opened),
    Challenges(Vec<Challenge>),
    Attempt(Attempt),
    Claimed(Vec<Claimed>),
    Settled(Option<Settled>),
    Waiting(u64),
    Admission(Admission),
    Usage(Vec<Usage>),
    Foregone(bool),
    Session(Option<LiveSession>),
    Rotated(Rotated),
    Revoked(u64),
    Inserted(Inserted),
    Replaced(Replaced),
    Touched,
    KeyUses(Vec<(KeyId, Timestamp)>),
    Tenant(Option<Tenant>),
    Tenants(Vec<Tenant>),
    Counts(Vec<Counted>),
    UniqueUsers(u64),
    Users(u64),
    Trail(Vec<AuditEntry>),
    Root(Sealed),
}

/// An entry of the outbox as it was given out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claimed {
    pub(super) mail: MailJob,
    until: Timestamp,
    progress: Progress,
    /// With the address its recipient is known by; a mail without a challenge is not sent anywhere.
    challenge: Option<(Challenge, Option<Sealed>)>,
}

/// One of the two stores, and the leases it has given.
pub(super) struct Side {
    stores: Stores,
    leases: BTreeMap<MailId, Vec<Lease>>,
}

/// More than a script can queue. Among entries due at the same time a store may choose, so all are claimed.
const ALL: usize = 1_000;

impl Side {
    pub(super) fn new(stores: Stores) -> Self {
        Self { stores, leases: BTreeMap::new() }
    }

    /// The live challenges of a look-up: what a comparison of codes goes by.
    pub(super) async fn live(&self, by: &Lookup, now: Timestamp) -> Vec<Challenge> {
        self.stores.challenges.live(by, now).await.answered()
    }

    /// The generation of a session, while it is live.
    pub(super) async fn generation(&self, realm: Realm, session: SessionId, now: Timestamp) -> Option<u32> {
        self.stores.sessions.live(realm, session, now).await.answered().map(|live| live.session.generation)
    }

    pub(super) async fn tenant(&self, id: TenantId) -> Option<Tenant> {
        self.stores.tenants.get(id, Age::Fresh).await.answered()
    }

    pub(super) async fn perform(&mut self, verb: Verb, now: Timestamp) -> Answer {
        let Stores {
            challenges,
            limits,
            limits_apart: _,
            sessions,
            users: _,
            tenants,
            calls: _,
            metering,
            analytics: _,
            traffic: _,
            audit,
            trails: _,
            erasure: _,
            roots,
        } = &self.stores;
        match verb {
            Verb::Open(request) => Answer::Opened(challenges.open(request, now).await.answered()),
            Verb::Live(by) => Answer::Challenges(challenges.live(&by, now).await.answered()),
            Verb::Attempt(presented) => Answer::Attempt(challenges.attempt(presented, now).await.answered()),
            Verb::Claim { lease } => self.claim(lease, now).await,
            Verb::Settle { mail, leases_ago, how, effects } => self.settle(mail, leases_ago, how, effects, now).await,
            Verb::Backlog => Answer::Waiting(challenges.backlog(now).await.answered().waiting),
            Verb::Acquire(draws) => Answer::Admission(limits.acquire(draws, now).await.answered()),
            Verb::Usage(draws) => Answer::Usage(limits.usage(&draws, now).await.answered()),
            Verb::Foregone(request) => Answer::Foregone(challenges.foregone(&request, now).await.answered()),
            Verb::Session(realm, id) => Answer::Session(sessions.live(realm, id, now).await.answered()),
            Verb::Rotate(rotation) => Answer::Rotated(sessions.rotate(rotation, now).await.answered()),
            Verb::Revoke(revocation) => Answer::Revoked(sessions.revoke(revocation, now).await.answered()),
            Verb::Insert(tenant, effects) => Answer::Inserted(tenants.insert(tenant, effects, now).await.answered()),
            Verb::Replace(tenant, expected, effects) => {
                Answer::Replaced(tenants.replace(tenant, expected, effects, now).await.answered())
            }
            Verb::Touch(tenant, key, at) => {
                tenants.touch(tenant, key, at).await.answered();
                Answer::Touched
            }
            Verb::KeyUses(tenant) => Answer::KeyUses(sorted(tenants.key_uses(tenant).await.answered(), |used| *used)),
            Verb::Tenant(id) => Answer::Tenant(tenants.get(id, Age::Fresh).await.answered()),
            Verb::TenantByKey(hash) => Answer::Tenant(tenants.by_api_key(&hash).await.answered()),
            Verb::List(filter, after, max) => Answer::Tenants(tenants.list(&filter, after, max).await.answered()),
            Verb::Counts(realm, from, until) => {
                Answer::Counts(sorted(metering.counts(realm, from, until).await.answered(), |counted| *counted))
            }
            Verb::Users(realm) => Answer::Users(metering.users(realm).await.answered()),
            Verb::UniqueUsers(realm, from, until) => {
                Answer::UniqueUsers(metering.unique_users(realm, from, until).await.answered())
            }
            Verb::Trail(tenant) => Answer::Trail(sorted(audit.recent(tenant, ALL).await.answered(), |entry| entry.id)),
            Verb::KeepRoot(candidate) => Answer::Root(roots.keep(candidate).await.answered()),
        }
    }

    async fn claim(&mut self, lease: Duration, now: Timestamp) -> Answer {
        let leased = self.stores.challenges.claim(now, lease, ALL).await.answered();
        for entry in &leased {
            self.leases.entry(entry.mail.id).or_default().push(entry.lease);
        }
        let claimed = leased.into_iter().map(|entry| Claimed {
            until: entry.lease.until,
            progress: entry.progress,
            challenge: entry.challenge.map(|challenge| (challenge, entry.known_as)),
            mail: entry.mail,
        });
        Answer::Claimed(sorted(claimed.collect(), |claimed| claimed.mail.id))
    }

    async fn settle(
        &self,
        mail: MailId,
        leases_ago: usize,
        how: Settlement,
        effects: Vec<Effect>,
        now: Timestamp,
    ) -> Answer {
        let lease = self.leases.get(&mail).and_then(|leases| leases.iter().rev().nth(leases_ago));
        match lease {
            Some(lease) => {
                Answer::Settled(Some(self.stores.challenges.settle(*lease, how, effects, now).await.answered()))
            }
            None => Answer::Settled(None),
        }
    }
}

fn sorted<T, K: Ord>(mut all: Vec<T>, by: impl FnMut(&T) -> K) -> Vec<T> {
    all.sort_by_key(by);
    all
}
