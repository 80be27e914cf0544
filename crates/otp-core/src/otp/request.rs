//! Asking for a code.

use serde::{Deserialize, Serialize};

use super::{Otp, draw};
use crate::audit::{AuditEntry, AuditEvent, Target};
use crate::caller::Caller;
use crate::challenge::{Challenge, Lookup, Purpose, RESEND_AFTER};
use crate::effect::{Counter, Effect, Letter, MailJob};
use crate::email::{EmailAddress, InvalidEmail};
use crate::fault::{Fault, Res};
use crate::id::{ChallengeId, MailId};
use crate::keys::{AddressKey, Subject, sha256};
use crate::limit::{DAY, Draw, Rule, Usage, Window};
use crate::locale::Locale;
use crate::port::{Idempotency, Opened, Opening, Request};
use crate::realm::Mode;
use crate::tally;
use crate::tenant::World;
use crate::time::Timestamp;

/// How many codes a day an address may ask for on plans that allow fewer an hour.
const LEAST_PER_DAY: u32 = 20;

/// A request for a code.
#[derive(Debug, Clone)]
pub struct CodeRequest {
    /// Who signs in.
    pub email: EmailAddress,
    /// What the code is for.
    pub purpose: Purpose,
    /// The language to write in.
    pub locale: Locale,
    /// The challenge whose code to mail again, if it is live for this address and purpose.
    pub resend: Option<ChallengeId>,
    /// Under which key to remember the answer.
    pub idempotency: Option<IdempotencyKey>,
}

/// What makes two calls the same call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The call: credential, method, path and the client's key.
    pub call: [u8; 32],
    /// Its body.
    pub body: [u8; 32],
}

impl IdempotencyKey {
    /// How long an answer is remembered.
    pub const REMEMBERED: std::time::Duration = DAY;

    /// The key `key` sent with `credential` in a `method` call to `path` with `body`.
    pub fn new(credential: &str, method: &str, path: &str, key: &str, body: &[u8]) -> Self {
        let parts = [credential, method, path, key];
        // Each part is preceded by its length, so no two calls run together.
        let call: Vec<u8> =
            parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat()).collect();
        Self { call: sha256(&call), body: sha256(body) }
    }
}

/// A code on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The challenge it belongs to. Who holds this has attempts of his own.
    pub id: ChallengeId,
    /// When it was asked for; of a repeated call, the first time.
    pub issued_at: Timestamp,
    /// When the code dies.
    pub expires_at: Timestamp,
    /// Requests this address may still make this hour, as of `issued_at`; no bound, if absent.
    pub remaining: Option<u32>,
    /// How the limits stand now.
    pub usage: Vec<Usage>,
    /// Whether this repeats the answer of an earlier call.
    pub replayed: bool,
}

/// A limit refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimited {
    /// The limit that did.
    pub by: Usage,
    /// How all limits of the call stand.
    pub usage: Vec<Usage>,
    /// As of when.
    pub now: Timestamp,
}

impl RateLimited {
    /// The limit at place `by` of `usage` refused.
    ///
    /// # Errors
    /// `Corrupt` when there is none.
    pub(crate) fn by(by: usize, usage: Vec<Usage>, now: Timestamp) -> Res<Self> {
        let by = *usage.get(by).ok_or_else(|| Fault::corrupt("challenge.open", "refused by no draw"))?;
        Ok(Self { by, usage, now })
    }
}

/// Why no code was issued.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The address is none.
    #[error(transparent)]
    InvalidEmail(#[from] InvalidEmail),
    /// A limit refused; nothing was spent.
    #[error("too many requests: {} allows no more until {}", .0.by.rule.as_str(), .0.by.resets_at)]
    RateLimited(Box<RateLimited>),
    /// The tenant has used up what its plan holds for the day or the month; nothing was spent.
    #[error("the plan allows no more codes until {}: {}", .0.by.resets_at, .0.by.rule.as_str())]
    QuotaExceeded(Box<RateLimited>),
    /// The tenant has blocked this address.
    #[error("this address gets no codes here")]
    Blocked,
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used for another request: use a fresh key")]
    IdempotencyMismatch,
    /// The work could not be done; no mail will follow unless it was.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What is remembered of an answer besides what its draws had left.
#[derive(Serialize, Deserialize)]
pub(crate) struct Remembered {
    id: ChallengeId,
    issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Remembered {
    /// That of a request which opened `challenge`, or mailed its code again.
    pub(crate) const fn of(challenge: &Challenge, now: Timestamp) -> Self {
        Self { id: challenge.id, issued_at: now, expires_at: challenge.expires_at }
    }

    /// From what a store has kept.
    pub(crate) fn read(answer: &[u8]) -> Res<Self> {
        serde_json::from_slice(answer).map_err(|error| Fault::corrupt("challenge.open", error))
    }

    /// To be kept under `key`.
    pub(crate) fn under(self, key: IdempotencyKey) -> Res<Idempotency> {
        Ok(Idempotency {
            key: key.call,
            fingerprint: key.body,
            answer: serde_json::to_vec(&self).map_err(|error| Fault::corrupt("idempotency", error))?,
            remaining: Vec::new(),
            expires_at: self.issued_at.plus(IdempotencyKey::REMEMBERED),
        })
    }
}

impl Otp {
    /// Queues a mail with a code. Known and unknown addresses take the same path.
    ///
    /// With `resend` naming a challenge in the first half of its life, its code is mailed again; else
    /// a new challenge is opened. Either draws the limits of the address, if known those of the client, and the
    /// quotas of the tenant.
    ///
    /// # Errors
    /// [`RequestError`]; whatever it is, the call left nothing behind but its audit entry.
    pub async fn request(
        &self,
        world: impl Into<World<'_>>,
        request: CodeRequest,
        caller: &Caller,
    ) -> Result<Issued, RequestError> {
        let answer = self.answered(world.into(), &request, caller).await;
        tally::requested(&answer);
        answer
    }

    async fn answered(&self, world: World<'_>, request: &CodeRequest, caller: &Caller) -> Result<Issued, RequestError> {
        let asking = self.asking(world, request, caller, self.deployment.now())?;
        let address_key = self.deployment.keys.address_key(world.realm(), &request.email);
        if !asking.is_blocked
            && let Some(live) = self.resendable(&asking, address_key).await?
        {
            let opening = resend(&asking, &live);
            if let Some(issued) = self.open(&asking, opening, &live).await? {
                return Ok(issued);
            }
        }
        let challenge = self.challenge(&asking, address_key)?;
        let opening = Opening::New(challenge.clone());
        let issued = self.open(&asking, opening, &challenge).await?;
        issued.ok_or_else(|| Fault::corrupt("challenge.open", "a new challenge cannot be gone").into())
    }

    fn asking<'a>(
        &self,
        world: World<'a>,
        request: &'a CodeRequest,
        caller: &'a Caller,
        now: Timestamp,
    ) -> Res<Asking<'a>> {
        let realm = world.realm();
        let name = self.deployment.keys.audit_name(realm, &request.email);
        let subject = self.deployment.keys.address_subject(&request.email);
        let address = Some(Target::Address(name.clone()));
        let exceeded = self.deployment.audit(realm, AuditEvent::RateLimitExceeded, address, caller, now)?;
        let is_blocked = world.settings().blocked_emails.iter().any(|blocked| blocked.blocks(&request.email));
        Ok(Asking { world, request, caller, now, subject, name, exceeded, is_blocked })
    }

    /// The challenge to mail again, if the request names one that takes it.
    async fn resendable(&self, asking: &Asking<'_>, address: AddressKey) -> Res<Option<Challenge>> {
        let Asking { world, request, now, .. } = asking;
        let Some(id) = request.resend else { return Ok(None) };
        let live = self.deployment.stores.challenges.live(&Lookup::Id { realm: world.realm(), id }, *now).await?;
        let same = |live: &Challenge| live.address_key == address && live.purpose == request.purpose;
        Ok(live.into_iter().next().filter(|live| same(live) && live.takes_resend(*now)))
    }

    fn challenge(&self, asking: &Asking<'_>, address_key: AddressKey) -> Res<Challenge> {
        let Asking { world, request, now, .. } = asking;
        let realm = world.realm();
        Ok(Challenge {
            id: ChallengeId::generate(&*self.deployment.entropy)?,
            realm,
            purpose: request.purpose.clone(),
            address_key,
            address: self.deployment.keys.seal_address(realm, &request.email, &*self.deployment.entropy)?,
            note: None,
            kid: self.deployment.keys.kid(),
            code_length: world.settings().otp.length(),
            max_attempts: world.settings().otp.max_attempts(),
            created_at: *now,
            expires_at: now.plus(world.settings().otp.ttl()),
        })
    }

    /// One write; nothing if what was to be mailed again is not live any more.
    async fn open(
        &self,
        asking: &Asking<'_>,
        opening: Opening,
        challenge: &Challenge,
    ) -> Result<Option<Issued>, RequestError> {
        let now = asking.now;
        let draws = self.draws(asking)?;
        // `remaining` speaks of the address alone: those limits come first.
        let of_address =
            draws.iter().take_while(|draw| matches!(draw.key.rule, Rule::EmailHour | Rule::EmailDay)).count();
        let least = |left: &mut dyn Iterator<Item = u32>| left.take(of_address).min();
        let written = Request {
            opening,
            draws,
            idempotency: asking.request.idempotency.map(|key| Remembered::of(challenge, now).under(key)).transpose()?,
            admitted: self.admitted(asking, challenge)?,
        };
        // What was answered before is answered again, whoever was blocked since.
        if asking.is_blocked && !self.deployment.stores.challenges.foregone(&written, now).await? {
            return Err(RequestError::Blocked);
        }
        let issued = match self.open_within_limits(written, now).await? {
            Opened::Admitted(usage) => {
                self.deployment.bell.ring();
                let remaining = least(&mut usage.iter().map(Usage::remaining));
                Issued {
                    id: challenge.id,
                    issued_at: now,
                    expires_at: challenge.expires_at,
                    remaining,
                    usage,
                    replayed: false,
                }
            }
            Opened::Replayed { answer, remaining, usage } => {
                let Remembered { id, issued_at, expires_at } = Remembered::read(&answer)?;
                Issued {
                    id,
                    issued_at,
                    expires_at,
                    remaining: least(&mut remaining.into_iter()),
                    usage,
                    replayed: true,
                }
            }
            Opened::Refused { usage, by } => {
                let limited = Box::new(RateLimited::by(by, usage, now)?);
                let quota = limited.by.rule.is_quota();
                return Err(if quota { RequestError::QuotaExceeded } else { RequestError::RateLimited }(limited));
            }
            Opened::Gone => return Ok(None),
            Opened::Mismatch => return Err(RequestError::IdempotencyMismatch),
        };
        Ok(Some(issued))
    }

    fn draws(&self, asking: &Asking<'_>) -> Res<Vec<Draw>> {
        let Asking { world, caller, now, subject, .. } = asking;
        let (realm, plan) = (world.realm(), self.deployment.allowance(world.tenant)?);
        let mut draws = Vec::with_capacity(5);
        if let Some(hourly) = plan.otp_requests_per_hour {
            draws.push(draw(realm, Rule::EmailHour, *subject, hourly));
            let daily = draw(realm, Rule::EmailDay, *subject, hourly.max(LEAST_PER_DAY));
            draws.push(Draw { window: Window::Sliding(DAY), ..daily });
        }
        let per_client = world.settings().rate_limits.per_client();
        draws.extend(self.client_draw(world.realm(), Rule::ClientHour, per_client, caller));
        for draw in &mut draws {
            draw.refused = asking.exceeded(draw.key.rule);
        }
        match world.mode {
            Mode::Live => draws.extend(self.quota_draws(world.tenant, &plan, caller, *now)?),
            Mode::Test => {}
        }
        Ok(draws)
    }

    fn admitted(&self, asking: &Asking<'_>, challenge: &Challenge) -> Res<Vec<Effect>> {
        let Asking { world, request, caller, now, name, .. } = asking;
        let realm = challenge.realm;
        let mail = MailJob {
            id: MailId::generate(&*self.deployment.entropy)?,
            realm,
            letter: Letter::Code { challenge: challenge.id, app_name: app_name(*world) },
            locale: request.locale,
        };
        let requested = self
            .deployment
            .audit(realm, AuditEvent::OtpRequested, Some(Target::Challenge(challenge.id)), caller, *now)?
            .with("address", name.as_str())
            .with("purpose", challenge.purpose.as_str());
        let mut effects =
            vec![Effect::Count { realm, counter: Counter::OtpRequests, at: *now }, Effect::Audit(requested)];
        // In test mode the code is known beforehand.
        match realm.mode {
            Mode::Live => effects.insert(0, Effect::Mail(mail)),
            Mode::Test => {}
        }
        Ok(effects)
    }
}

/// One call, and what it says of itself again and again.
struct Asking<'a> {
    world: World<'a>,
    request: &'a CodeRequest,
    caller: &'a Caller,
    now: Timestamp,
    /// Whom the limits of its address count.
    subject: Subject,
    /// What the audit trail calls its address.
    name: String,
    /// The entry of a refusal. A call is refused once, so all its draws may have the same.
    exceeded: AuditEntry,
    /// Whether the tenant has blocked its address.
    is_blocked: bool,
}

impl Asking<'_> {
    /// What to write if the limit of `rule` refuses.
    fn exceeded(&self, rule: Rule) -> Vec<Effect> {
        vec![Effect::Audit(self.exceeded.clone().with("rule", rule.as_str()))]
    }
}

fn resend(asking: &Asking<'_>, live: &Challenge) -> Opening {
    let refused = asking.exceeded(Rule::Resend);
    Opening::Resend { realm: live.realm, challenge: live.id, pause: RESEND_AFTER, refused }
}

/// What the tenant's application is called in its mails.
fn app_name(world: World<'_>) -> String {
    world.settings().email_config.variables.app_name.clone().unwrap_or_else(|| world.tenant.name.clone())
}
