//! The world of one case: a store, and tenants nobody else uses.

use std::sync::Arc;
use std::time::Duration;

use otp_core::audit::AuditEntry;
use otp_core::challenge::{Challenge, Lookup};
use otp_core::effect::{Counter, Effect};
use otp_core::id::{ChallengeId, SessionId};
use otp_core::limit::{DAY, Usage};
use otp_core::port::{
    Attempt, Lease, Leased, Opened, Presented, Request, Revocation, Rotated, Rotation, Settled, Settlement, SignedIn,
    Stores,
};
use otp_core::realm::Realm;
use otp_core::session::LiveSession;
use otp_core::time::Timestamp;

use crate::answered::Answered;
use crate::samples::{NOW, Samples};

/// The least step of time there is.
pub(super) const TICK: Duration = Duration::from_millis(1);
/// How often a claim may bring nothing but entries that others have left, before it is given up.
const FOREIGN: usize = 10_000;
/// How long cases lease entries of the outbox.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// One store, one fresh tenant. Verbs are futures that borrow nothing, so that they can be raced.
#[derive(Clone)]
pub(super) struct World {
    pub(super) stores: Stores,
    pub(super) samples: Arc<Samples>,
    pub(super) realm: Realm,
}

impl World {
    pub(super) fn new(stores: Stores) -> Self {
        let samples = Samples::random();
        let realm = samples.realm();
        Self { stores, samples: Arc::new(samples), realm }
    }

    /// A challenge of this tenant, not opened yet.
    pub(super) fn challenge(&self) -> Challenge {
        self.samples.challenge(self.realm, NOW)
    }

    /// Opens `challenge` when it says it was.
    pub(super) async fn put(&self, challenge: &Challenge) {
        self.admit(self.samples.request(challenge), challenge.created_at).await;
    }

    /// A challenge of this tenant, open.
    pub(super) async fn opened(&self) -> Challenge {
        let challenge = self.challenge();
        self.put(&challenge).await;
        challenge
    }

    pub(super) fn open(
        &self,
        request: Request,
        now: Timestamp,
    ) -> impl Future<Output = Opened> + Send + 'static + use<> {
        let store = self.stores.challenges.clone();
        async move { store.open(request, now).await.answered() }
    }

    /// Opens what has to be admitted.
    pub(super) async fn admit(&self, request: Request, now: Timestamp) -> Vec<Usage> {
        let opened = self.open(request, now).await;
        let Opened::Admitted(usage) = opened else { panic!("not admitted: {opened:?}") };
        usage
    }

    /// The live challenges of a look-up.
    pub(super) async fn live(&self, by: &Lookup, now: Timestamp) -> Vec<Challenge> {
        self.stores.challenges.live(by, now).await.answered()
    }

    /// Their ids.
    pub(super) async fn live_ids(&self, by: &Lookup, now: Timestamp) -> Vec<ChallengeId> {
        self.live(by, now).await.into_iter().map(|challenge| challenge.id).collect()
    }

    pub(super) fn attempt(
        &self,
        presented: Presented,
        now: Timestamp,
    ) -> impl Future<Output = Attempt> + Send + 'static + use<> {
        let store = self.stores.challenges.clone();
        async move { store.attempt(presented, now).await.answered() }
    }

    /// Presents a code that is nobody's.
    pub(super) async fn wrong(&self, by: Lookup, now: Timestamp) -> Attempt {
        self.attempt(self.samples.wrong(by), now).await
    }

    /// Presents what has to be right.
    pub(super) async fn enter(&self, presented: Presented, now: Timestamp) -> SignedIn {
        let attempt = self.attempt(presented, now).await;
        let Attempt::Right(signed_in) = attempt else { panic!("not right: {attempt:?}") };
        *signed_in
    }

    /// Signs in with the right code of `challenge`, when it was opened.
    pub(super) async fn sign_in(&self, challenge: &Challenge) -> SignedIn {
        self.enter(self.samples.right(challenge), challenge.created_at).await
    }

    /// A fresh user of this tenant, signed in.
    pub(super) async fn signed_in(&self) -> SignedIn {
        self.sign_in(&self.opened().await).await
    }

    /// Claims up to `max` entries and keeps those of this tenant. The outbox is one for all tenants:
    /// what others have left in it is passed over.
    pub(super) fn claim(
        &self,
        now: Timestamp,
        lease: Duration,
        max: usize,
    ) -> impl Future<Output = Vec<Leased>> + Send + 'static + use<> {
        let (store, tenant) = (self.stores.challenges.clone(), self.realm.tenant);
        async move {
            for _ in 0..FOREIGN {
                let mut claimed = store.claim(now, lease, max).await.answered();
                assert!(claimed.len() <= max, "{} entries, where {max} were asked for", claimed.len());
                let nothing_due = claimed.is_empty();
                claimed.retain(|leased| leased.mail.realm.tenant == tenant);
                if nothing_due || !claimed.is_empty() {
                    return claimed;
                }
            }
            panic!("others' entries are given again and again");
        }
    }

    /// Everything of this tenant that is due.
    pub(super) async fn claim_all(&self, now: Timestamp) -> Vec<Leased> {
        let mut all = Vec::new();
        loop {
            let claimed = self.claim(now, LEASE, 100).await;
            if claimed.is_empty() {
                return all;
            }
            for leased in claimed {
                let again = all.iter().any(|earlier: &Leased| earlier.mail.id == leased.mail.id);
                assert!(!again, "given again while it is under lease: {leased:?}");
                all.push(leased);
            }
        }
    }

    pub(super) fn settle(
        &self,
        lease: Lease,
        how: Settlement,
        effects: Vec<Effect>,
        now: Timestamp,
    ) -> impl Future<Output = Settled> + Send + 'static + use<> {
        let store = self.stores.challenges.clone();
        async move { store.settle(lease, how, effects, now).await.answered() }
    }

    pub(super) fn rotate(
        &self,
        rotation: Rotation,
        now: Timestamp,
    ) -> impl Future<Output = Rotated> + Send + 'static + use<> {
        let store = self.stores.sessions.clone();
        async move { store.rotate(rotation, now).await.answered() }
    }

    pub(super) fn revoke(
        &self,
        revocation: Revocation,
        now: Timestamp,
    ) -> impl Future<Output = u64> + Send + 'static + use<> {
        let store = self.stores.sessions.clone();
        async move { store.revoke(revocation, now).await.answered() }
    }

    /// The session of that id, while it is live.
    pub(super) async fn session(&self, realm: Realm, id: SessionId, now: Timestamp) -> Option<LiveSession> {
        self.stores.sessions.live(realm, id, now).await.answered()
    }

    /// How often `counter` was counted in `realm`, within a hundred days on either side of [`NOW`].
    pub(super) async fn counted_in(&self, realm: Realm, counter: Counter) -> u64 {
        let (from, until) = (NOW.hour().minus(100 * DAY), NOW.hour().plus(100 * DAY));
        let counts = self.stores.metering.counts(realm, from, until).await.answered();
        counts.iter().filter(|counted| counted.counter == counter).map(|counted| counted.count).sum()
    }

    /// How often `counter` was counted for this tenant.
    pub(super) async fn counted(&self, counter: Counter) -> u64 {
        self.counted_in(self.realm, counter).await
    }

    /// The audit trail of this tenant, the last entry first.
    pub(super) async fn trail(&self) -> Vec<AuditEntry> {
        self.stores.audit.recent(self.realm.tenant, 1_000).await.answered()
    }

    /// One more of `counter`, for this tenant.
    pub(super) const fn count(&self, counter: Counter) -> Effect {
        Effect::Count { realm: self.realm, counter, at: NOW }
    }
}
