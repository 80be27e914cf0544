//! What has happened in a script so far: by it, steps become verbs.

use std::collections::BTreeMap;
use std::time::Duration;

use otp_core::api_key::KeyRecord;
use otp_core::audit::{AuditEntry, AuditEvent, Target};
use otp_core::challenge::{Challenge, Lookup, Purpose};
use otp_core::effect::{Counter, Effect, Once, Who as Seen};
use otp_core::email::EmailAddress;
use otp_core::id::{ChallengeId, MailId, SessionId, TenantId, UserId};
use otp_core::keys::{AddressKey, Subject};
use otp_core::limit::{DAY, Draw, HOUR, LimitKey, Mark, Rule, Window};
use otp_core::port::{
    Attempt, AttemptEffects, Idempotency, Opening, Presented, Progress, Request, Revocation, Revoked, Rotation,
    Settlement, TenantCursor, TenantFilter,
};
use otp_core::realm::{Mode, Realm};
use otp_core::session::{Lifetimes, Session, SignIn};
use otp_core::tenant::{Tenant, TenantStatus};
use otp_core::time::Timestamp;

use super::script::{Asking, Bounds, By, Code, Step, Who};
use super::verb::{Answer, Side, Verb};
use crate::samples::{NOW, Samples, by_address, by_id, purpose};

/// Two worlds of one tenant, and one of another.
const REALMS: [Realm; 3] = [
    Realm::live(TenantId::from_u128(1)),
    Realm { tenant: TenantId::from_u128(1), mode: Mode::Test },
    Realm::live(TenantId::from_u128(2)),
];
/// Tenants that may be stored. The first two are those whose users sign in.
const TENANTS: [TenantId; 3] = [TenantId::from_u128(1), TenantId::from_u128(2), TenantId::from_u128(3)];
/// How long sessions of a script live, refreshed or not.
const LIFETIMES: Lifetimes =
    Lifetimes { access: HOUR, idle: Duration::from_secs(600), absolute: Duration::from_secs(7_200) };
/// How long answers are remembered.
const REMEMBERED: Duration = Duration::from_secs(600);

pub(super) struct Book {
    samples: Samples,
    now: Timestamp,
    /// Asked for, whether or not they were opened.
    challenges: Vec<Challenge>,
    sessions: Vec<Session>,
    mails: Vec<MailId>,
    owners: [EmailAddress; 3],
    keys: Vec<KeyRecord>,
    /// How many ids each realm has used. Realms count alike, so that the same ids turn up in all.
    used: BTreeMap<Realm, u128>,
}

/// The `nth` of `all`, round and round.
fn pick<T>(all: &[T], nth: usize) -> Option<&T> {
    nth.checked_rem(all.len()).and_then(|nth| all.get(nth))
}

impl Book {
    pub(super) fn new() -> Self {
        let samples = Samples::seeded(0);
        let owners = [samples.email(), samples.email(), samples.email()];
        Self {
            samples,
            now: NOW,
            challenges: Vec::new(),
            sessions: Vec::new(),
            mails: Vec::new(),
            owners,
            keys: Vec::new(),
            used: BTreeMap::new(),
        }
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The calls a step makes. What depends on the state of a store is asked of the model.
    pub(super) async fn verbs(&mut self, step: &Step, model: &Side) -> Vec<Verb> {
        let verb = match step {
            Step::Wait(span) => {
                self.now = self.now.plus(*span);
                None
            }
            Step::Open { who, attempts, life, asking } => Some(self.open(who, *attempts, *life, asking)),
            Step::Resend { challenge, pause, asking } => self.resend(*challenge, *pause, asking),
            Step::Live(by) => self.lookup(by).map(Verb::Live),
            Step::Attempt { by, code, bounds } => self.attempt(by, code, bounds, model).await,
            Step::Claim { lease } => Some(Verb::Claim { lease: *lease }),
            Step::Settle { mail, leases_ago, retry_after } => self.settle(*mail, *leases_ago, *retry_after),
            Step::Acquire { realm, subject, limits } => {
                let realm = REALMS[realm % REALMS.len()];
                let minute = Window::Sliding(Duration::from_secs(60));
                let rules = [
                    (Rule::RecipientHour, Window::Sliding(HOUR), limits[0]),
                    (Rule::ClientHour, minute, limits[1]),
                    (Rule::QuotaMonth, Window::UtcMonth, limits[2]),
                ];
                Some(Verb::Acquire(self.draws(realm, subject % 2, rules)))
            }
            Step::Rotate { session, generations_ago, grace, idle } => {
                self.rotate(*session, *generations_ago, *grace, *idle, model).await
            }
            Step::Revoke { session, everywhere } => pick(&self.sessions, *session).map(|session| {
                let which = if *everywhere { Revoked::AllOf(session.user) } else { Revoked::One(session.id) };
                Verb::Revoke(Revocation { realm: session.realm, which, effects: self.told(session.realm) })
            }),
            Step::InsertTenant { tenant, owner } => Some(self.insert(*tenant, *owner)),
            Step::ReplaceTenant { tenant, stale, change } => Some(self.replace(*tenant, *stale, *change, model).await),
            Step::Touch { tenant, key, ago } => {
                let tenant = model.tenant(TENANTS[tenant % TENANTS.len()]).await;
                tenant.and_then(|tenant| {
                    pick(&tenant.keys, *key).map(|key| Verb::Touch(tenant.id, key.id, self.now.minus(*ago)))
                })
            }
            Step::List { filter, after, max } => Some(self.list(*filter, *after, *max, model).await),
            Step::KeepRoot => Some(Verb::KeepRoot(self.samples.sealed())),
            Step::LookAround => return self.look_around(),
        };
        // Whoever draws limits elsewhere asks first.
        let asked = match &verb {
            Some(Verb::Open(request)) => vec![Verb::Foregone(request.clone()), Verb::Usage(request.draws.clone())],
            _ => Vec::new(),
        };
        asked.into_iter().chain(verb).collect()
    }

    /// Remembers what later steps may come back to.
    pub(super) fn note(&mut self, verb: &Verb, answer: &Answer) {
        if let Verb::Open(Request { opening: Opening::New(challenge), .. }) = verb {
            self.challenges.push(challenge.clone());
        }
        if let Answer::Attempt(Attempt::Right(signed_in)) = answer {
            self.sessions.push(signed_in.session.clone());
        }
        if let Answer::Claimed(claimed) = answer {
            for claimed in claimed {
                if !self.mails.contains(&claimed.mail.id) {
                    self.mails.push(claimed.mail.id);
                }
            }
        }
    }

    fn open(&mut self, who: &Who, attempts: u8, life: Duration, asking: &Asking) -> Verb {
        let realm = REALMS[who.realm % REALMS.len()];
        let challenge = Challenge {
            id: ChallengeId::from_u128(self.next_id(realm)),
            purpose: if who.purpose == 0 { Purpose::default() } else { purpose("payment") },
            address_key: AddressKey::from_bytes([octet(who.address); 32]),
            max_attempts: attempts,
            expires_at: self.now.plus(life),
            ..self.samples.challenge(realm, self.now)
        };
        Verb::Open(self.request(self.samples.request(&challenge), &challenge, asking))
    }

    fn resend(&self, challenge: usize, pause: Duration, asking: &Asking) -> Option<Verb> {
        let challenge = pick(&self.challenges, challenge)?;
        let mut request = self.samples.resend(challenge);
        if let Opening::Resend { pause: least, refused, .. } = &mut request.opening {
            (*least, *refused) = (pause, self.told(challenge.realm));
        }
        Some(Verb::Open(self.request(request, challenge, asking)))
    }

    /// `request` with limits, a key and effects.
    fn request(&self, request: Request, challenge: &Challenge, asking: &Asking) -> Request {
        let realm = challenge.realm;
        let rules = [
            (Rule::EmailHour, Window::Sliding(HOUR), asking.limits[0]),
            (Rule::EmailDay, Window::Sliding(DAY), asking.limits[1]),
            (Rule::QuotaDay, Window::UtcDay, asking.limits[2]),
        ];
        let address = usize::from(challenge.address_key.as_bytes()[0]);
        let mut admitted = self.told(realm);
        admitted.push(Effect::Mail(self.samples.mail(challenge)));
        admitted.push(self.count(realm, Counter::OtpRequests));
        Request {
            draws: self.draws(realm, address, rules),
            idempotency: asking.key.map(|(call, body)| Idempotency {
                key: [octet(call); 32],
                fingerprint: [octet(body); 32],
                answer: self.samples.bytes::<8>().to_vec(),
                remaining: (0..u32::from(octet(body))).collect(),
                expires_at: self.now.plus(REMEMBERED),
            }),
            admitted,
            ..request
        }
    }

    fn lookup(&self, by: &By) -> Option<Lookup> {
        match by {
            By::Id(nth) => pick(&self.challenges, *nth).map(by_id),
            By::Address(nth) => pick(&self.challenges, *nth).map(by_address),
        }
    }

    async fn attempt(&mut self, by: &By, code: &Code, bounds: &Bounds, model: &Side) -> Option<Verb> {
        let by = self.lookup(by)?;
        let (Lookup::Id { realm, .. } | Lookup::Address { realm, .. }) = by;
        let live = model.live(&by, self.now).await;
        let matched = match code {
            Code::Wrong => None,
            Code::Right(nth) => pick(&live, *nth).cloned(),
            Code::Dead(nth) => {
                let mut dead = Vec::new();
                for challenge in
                    self.challenges.iter().filter(|challenge| by == by_id(challenge) || by == by_address(challenge))
                {
                    if model.live(&by_id(challenge), self.now).await.is_empty() {
                        dead.push(challenge.clone());
                    }
                }
                pick(&dead, *nth).cloned()
            }
        };
        let mut right = self.told(realm);
        right.extend(self.whoever(realm));
        right.push(self.once(realm, 1, self.whoever(realm)));
        right.push(Effect::Seen { realm, who: Seen::SignedIn, at: self.now });
        let wrong = [self.told(realm), vec![self.count(realm, Counter::OtpVerifications)]].concat();
        let sign_in = matched.as_ref().map(|challenge| SignIn {
            user: UserId::from_u128(self.next_id(realm)),
            session: SessionId::from_u128(self.next_id(realm)),
            lifetimes: LIFETIMES,
            max_users: bounds.users,
            created: [self.whoever(realm), vec![self.count(realm, Counter::NewUsers)]].concat(),
            ..self.samples.sign_in(challenge)
        });
        Some(Verb::Attempt(Presented {
            matched: matched.map(|challenge| challenge.id),
            sign_in,
            wrong_draws: self.draws(realm, 0, [(Rule::ClientWrongHour, Window::Sliding(HOUR), bounds.wrong_codes)]),
            on: AttemptEffects { right, wrong, locked: self.told(realm), full: self.told(realm) },
            by,
        }))
    }

    fn settle(&self, mail: usize, leases_ago: usize, retry_after: Option<Duration>) -> Option<Verb> {
        let mail = *pick(&self.mails, mail)?;
        let progress = Progress { tries: u32::try_from(leases_ago).ok()? + 1, admitted: true };
        let how =
            retry_after.map_or(Settlement::Finished, |span| Settlement::RetryAt { at: self.now.plus(span), progress });
        let effects = [self.told(REALMS[0]), vec![self.count(REALMS[0], Counter::EmailsSent)]].concat();
        Some(Verb::Settle { mail, leases_ago, how, effects })
    }

    async fn rotate(
        &self,
        session: usize,
        generations_ago: u32,
        grace: Option<Duration>,
        idle: Duration,
        model: &Side,
    ) -> Option<Verb> {
        let Session { id, realm, .. } = *pick(&self.sessions, session)?;
        // No token is newer than its session.
        let present = model.generation(realm, id, self.now).await.unwrap_or(generations_ago);
        let generation = present.saturating_sub(generations_ago);
        let (rotated, reused) = (self.told(realm), self.told(realm));
        Some(Verb::Rotate(Rotation { realm, session: id, generation, idle, grace, rotated, reused }))
    }

    fn insert(&mut self, tenant: usize, owner: Option<usize>) -> Verb {
        let key = self.fresh_key();
        let tenant = Tenant {
            id: TENANTS[tenant % TENANTS.len()],
            owner: owner.and_then(|owner| pick(&self.owners, owner).cloned()),
            plan: format!("plan-{}", tenant % 2),
            keys: vec![key],
            ..self.samples.tenant(self.now)
        };
        let effects = self.told(tenant.live());
        Verb::Insert(tenant, effects)
    }

    async fn replace(&mut self, tenant: usize, stale: bool, change: usize, model: &Side) -> Verb {
        let id = TENANTS[tenant % TENANTS.len()];
        let stored = model.tenant(id).await;
        let mut tenant = stored.unwrap_or_else(|| Tenant::new(id, "Nobody", "plan-0", self.now));
        let expected = tenant.version + u64::from(stale);
        match change % 4 {
            0 => tenant.keys.push(self.fresh_key()),
            1 => drop(tenant.keys.pop()),
            2 => tenant.status = TenantStatus::Suspended,
            _ => tenant.name = self.samples.word(),
        }
        tenant.version = expected + 1;
        let effects = self.told(tenant.live());
        Verb::Replace(tenant, expected, effects)
    }

    async fn list(&self, filter: usize, after: Option<usize>, max: usize, model: &Side) -> Verb {
        let owner = self.owners[filter % self.owners.len()].canonical().to_uppercase();
        let filters = [
            TenantFilter::default(),
            TenantFilter { status: Some(TenantStatus::Suspended), ..TenantFilter::default() },
            TenantFilter { plan: Some("plan-1".to_owned()), ..TenantFilter::default() },
            TenantFilter { text: Some(owner), ..TenantFilter::default() },
            TenantFilter { text: Some("NAME A".to_owned()), ..TenantFilter::default() },
        ];
        let after = match after {
            Some(nth) => model.tenant(TENANTS[nth % TENANTS.len()]).await,
            None => None,
        };
        let after = after.map(|tenant| TenantCursor { created_at: tenant.created_at, id: tenant.id });
        Verb::List(filters[filter % filters.len()].clone(), after, max)
    }

    fn look_around(&self) -> Vec<Verb> {
        let (from, until) = (NOW.hour().minus(HOUR), self.now.hour().plus(HOUR));
        let mut verbs = vec![Verb::Backlog];
        for realm in REALMS {
            verbs.push(Verb::Counts(realm, from, until));
            verbs.push(Verb::UniqueUsers(realm, from, until));
            verbs.push(Verb::Users(realm));
        }
        for tenant in TENANTS {
            verbs.extend([Verb::Trail(tenant), Verb::Tenant(tenant), Verb::KeyUses(tenant)]);
        }
        // In every realm, since what is one's own elsewhere must not be found here.
        for realm in REALMS {
            for challenge in &self.challenges {
                let here = Challenge { realm, ..challenge.clone() };
                verbs.extend([Verb::Live(by_id(&here)), Verb::Live(by_address(&here))]);
            }
            verbs.extend(self.sessions.iter().map(|session| Verb::Session(realm, session.id)));
        }
        verbs.extend(self.keys.iter().map(|key| Verb::TenantByKey(key.hash)));
        verbs
    }

    /// A draw for each rule that has a limit, on the counters of `subject`. A rule has one window
    /// throughout: what a store may forget of a counter depends on that.
    fn draws<const N: usize>(
        &self,
        realm: Realm,
        subject: usize,
        rules: [(Rule, Window, Option<u32>); N],
    ) -> Vec<Draw> {
        let subject = Subject::from_bytes([octet(subject); 32]);
        let draw = |(rule, window, limit): (Rule, Window, Option<u32>)| {
            let draw = Draw::new(LimitKey { realm, rule, subject }, limit?, window);
            Some(Draw { refused: self.told(realm), mark: Some(Mark { units: 2, effects: self.told(realm) }), ..draw })
        };
        rules.into_iter().filter_map(draw).collect()
    }

    fn entry(&self, realm: Realm) -> AuditEntry {
        self.samples.audit(realm, AuditEvent::OtpRequested, self.now)
    }

    fn told(&self, realm: Realm) -> Vec<Effect> {
        let once = vec![Effect::Audit(self.entry(realm)), self.count(realm, Counter::EmailsDropped)];
        vec![Effect::Audit(self.entry(realm)), self.once(realm, 0, once)]
    }

    /// `effects`, once a minute for each `subject`.
    fn once(&self, realm: Realm, subject: usize, effects: Vec<Effect>) -> Effect {
        let key = LimitKey { realm, rule: Rule::QuotaDayWarned, subject: Subject::from_bytes([octet(subject); 32]) };
        Effect::Once(Once { key, window: Window::Sliding(Duration::from_secs(60)), effects })
    }

    /// A line on whoever is signed in.
    fn whoever(&self, realm: Realm) -> Vec<Effect> {
        vec![Effect::Audit(AuditEntry { target: Some(Target::SignedIn), ..self.entry(realm) })]
    }

    const fn count(&self, realm: Realm, counter: Counter) -> Effect {
        Effect::Count { realm, counter, at: self.now }
    }

    fn fresh_key(&mut self) -> KeyRecord {
        let key = self.samples.key_record(self.now);
        self.keys.push(key.clone());
        key
    }

    /// A fresh id. Multiplied by an odd number ids stay distinct, and their order tells nothing.
    fn next_id(&mut self, realm: Realm) -> u128 {
        let used = self.used.entry(realm).or_default();
        *used += 1;
        used.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }
}

/// The octet that stands for the `nth` of a small pool.
fn octet(nth: usize) -> u8 {
    u8::try_from(nth % 8).unwrap_or_default()
}
