//! Asking for an account.

use super::{ATTEMPTS, CODE_LENGTH, LIFE, Signup};
use crate::audit::AuditEvent;
use crate::caller::Caller;
use crate::challenge::{Challenge, Purpose};
use crate::effect::{Effect, Letter, MailJob, Once};
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{ChallengeId, MailId, TenantId};
use crate::keys::Subject;
use crate::limit::{Draw, HOUR, LimitKey, Rule, Usage, Window};
use crate::locale::Locale;
use crate::otp::{IdempotencyKey, RateLimited, Remembered};
use crate::port::{Opened, Opening, Request};
use crate::realm::Realm;
use crate::time::Timestamp;

/// Signups of one address within an hour.
const PER_EMAIL: u32 = 3;
/// Signups from one client address within an hour.
const PER_CLIENT: u32 = 5;

/// A request for an account.
#[derive(Debug, Clone)]
pub struct SignupRequest {
    /// Who is to own it.
    pub email: EmailAddress,
    /// The company it is for; as [`name`](crate::tenant::name) reads it.
    pub company_name: String,
    /// The language to write in.
    pub locale: Locale,
    /// Under which key to remember the answer.
    pub idempotency: Option<IdempotencyKey>,
}

/// A mail on its way: with code and link, or saying that there is an account already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignupRequested {
    /// When its code and link die.
    pub expires_at: Timestamp,
    /// How the limits stand now.
    pub usage: Vec<Usage>,
    /// Whether this repeats the answer of an earlier call.
    pub replayed: bool,
}

/// Why nothing was mailed.
#[derive(Debug, thiserror::Error)]
pub enum SignupError {
    /// Nobody may sign up here.
    #[error("accounts are made by the operator of this service")]
    Closed,
    /// A limit refused; nothing was spent.
    #[error("too many signups: {} allows no more until {}", .0.by.rule.as_str(), .0.by.resets_at)]
    RateLimited(Box<RateLimited>),
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used for another request: use a fresh key")]
    IdempotencyMismatch,
    /// The work could not be done; no mail will follow unless it was.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Signup {
    /// Queues a mail with a code and a link, or one that says that the address has an account. Both take the same path
    /// and are answered alike.
    ///
    /// # Errors
    /// [`SignupError`].
    pub async fn request(&self, request: SignupRequest, caller: &Caller) -> Result<SignupRequested, SignupError> {
        let is_closed = self.plan.is_none();
        if is_closed && request.idempotency.is_none() {
            return Err(SignupError::Closed);
        }
        let now = self.deployment.now();
        let account = self.deployment.stores.tenants.by_owner(&request.email).await?;
        let challenge = self.challenge(&request, now)?;
        let letter = match account {
            None => Letter::Signup { challenge: challenge.id },
            Some(_) => Letter::AccountExists { challenge: challenge.id },
        };
        let written = Request {
            draws: self.draws(&request, caller, now)?,
            idempotency: request.idempotency.map(|key| Remembered::of(&challenge, now).under(key)).transpose()?,
            admitted: self.admitted(&request, letter, caller, now)?,
            opening: Opening::New(challenge.clone()),
        };
        // What was answered before is answered again, though nobody may sign up since.
        if is_closed && !self.deployment.stores.challenges.foregone(&written, now).await? {
            return Err(SignupError::Closed);
        }
        match self.otp.open_within_limits(written, now).await? {
            Opened::Admitted(usage) => {
                self.deployment.bell.ring();
                Ok(SignupRequested { expires_at: challenge.expires_at, usage, replayed: false })
            }
            Opened::Replayed { answer, usage, .. } => {
                let Remembered { expires_at, .. } = Remembered::read(&answer)?;
                Ok(SignupRequested { expires_at, usage, replayed: true })
            }
            Opened::Refused { usage, by } => Err(SignupError::RateLimited(Box::new(RateLimited::by(by, usage, now)?))),
            Opened::Mismatch => Err(SignupError::IdempotencyMismatch),
            Opened::Gone => Err(Fault::corrupt("challenge.open", "a new challenge cannot be gone").into()),
        }
    }

    fn challenge(&self, request: &SignupRequest, now: Timestamp) -> Res<Challenge> {
        let (keys, entropy) = (&self.deployment.keys, &*self.deployment.entropy);
        Ok(Challenge {
            id: ChallengeId::generate(entropy)?,
            realm: Realm::SERVICE,
            purpose: Purpose::signup(),
            address_key: keys.address_key(Realm::SERVICE, &request.email),
            address: keys.seal_address(Realm::SERVICE, &request.email, entropy)?,
            note: Some(keys.seal_secret(TenantId::SERVICE, &request.company_name, entropy)?),
            kid: keys.kid(),
            code_length: CODE_LENGTH,
            max_attempts: ATTEMPTS,
            created_at: now,
            expires_at: now.plus(LIFE),
        })
    }

    fn draws(&self, request: &SignupRequest, caller: &Caller, now: Timestamp) -> Res<Vec<Draw>> {
        let keys = &self.deployment.keys;
        let entry = self.deployment.audit(Realm::SERVICE, AuditEvent::RateLimitExceeded, None, caller, now)?;
        let entry = entry.with("address", keys.audit_name(Realm::SERVICE, &request.email));
        // Anybody may ask, and be refused, as often as he likes: that is told once.
        let draw = |rule: Rule, told: Rule, subject: Subject, limit| {
            let (key, window) = (LimitKey { realm: Realm::SERVICE, rule, subject }, Window::Sliding(HOUR));
            let effects = vec![Effect::Audit(entry.clone().with("rule", rule.as_str()))];
            let once = Once { key: LimitKey { rule: told, ..key }, window, effects };
            Draw { refused: vec![Effect::Once(once)], ..Draw::new(key, limit, window) }
        };
        let by_email = keys.address_subject(&request.email);
        let email = draw(Rule::SignupEmail, Rule::SignupEmailTold, by_email, PER_EMAIL);
        let client = caller
            .client
            .map(|client| draw(Rule::SignupClient, Rule::SignupClientTold, keys.client_subject(client), PER_CLIENT));
        Ok([Some(email), client].into_iter().flatten().collect())
    }

    fn admitted(&self, request: &SignupRequest, letter: Letter, caller: &Caller, now: Timestamp) -> Res<Vec<Effect>> {
        let id = MailId::generate(&*self.deployment.entropy)?;
        let mail = MailJob { id, realm: Realm::SERVICE, letter, locale: request.locale };
        let entry = self.deployment.audit(Realm::SERVICE, AuditEvent::SignupRequested, None, caller, now)?;
        let name = self.deployment.keys.audit_name(Realm::SERVICE, &request.email);
        Ok(vec![Effect::Mail(mail), Effect::Audit(entry.with("address", name))])
    }
}
