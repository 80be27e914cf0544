//! Values to test with: well formed, fresh, and unlike each other.
//!
//! Everything here is a plain value with public fields; a test changes what it is about by struct
//! update (`Challenge { max_attempts: 2, ..samples.challenge(realm, NOW) }`).

use std::fmt;
use std::time::Duration;

use otp_core::api_key::{ApiKey, KeyKind, KeyRecord};
use otp_core::audit::{AuditEntry, AuditEvent};
use otp_core::caller::{Actor, Caller};
use otp_core::challenge::{Challenge, DEFAULT_ATTEMPTS, DEFAULT_TTL, Lookup, Purpose, RESEND_AFTER};
use otp_core::code::DEFAULT_LENGTH;
use otp_core::effect::{Effect, Letter, MailJob};
use otp_core::email::EmailAddress;
use otp_core::fault::Res;
use otp_core::id::{AuditId, ChallengeId, KeyId, MailId, SessionId, TenantId, UserId};
use otp_core::keys::{AddressKey, Kid, Sealed, Subject};
use otp_core::limit::{Draw, HOUR, LimitKey, Rule, Window};
use otp_core::locale::Locale;
use otp_core::mail::{OutgoingMail, Sender};
use otp_core::port::{
    AttemptEffects, Entropy, EntropyExt, Idempotency, Opening, Presented, Request, Revocation, Revoked, Rotation,
};
use otp_core::realm::{Mode, Realm};
use otp_core::session::{Lifetimes, REPLAY_GRACE, SignIn};
use otp_core::system::SystemEntropy;
use otp_core::tenant::Tenant;
use otp_core::time::Timestamp;

use crate::answered::Answered;
use crate::entropy::SeededEntropy;

/// When tests take place: 2023-11-14T22:13:20Z, which is no full hour.
pub const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Makes sample values. No two share an id, an address or a limit's subject unless asked to.
pub struct Samples(Box<dyn Entropy>);

impl Samples {
    /// The same samples for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Box::new(SeededEntropy::new(seed)))
    }

    /// Samples nobody has seen before: for tests that share a database with others.
    pub fn random() -> Self {
        Self(Box::new(SystemEntropy::default()))
    }

    /// `N` random octets.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.0.bytes().answered()
    }

    /// A word of lower-case letters and digits, fresh.
    pub fn word(&self) -> String {
        self.bytes::<8>().iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// The live world of a fresh tenant.
    pub fn realm(&self) -> Realm {
        Realm::live(self.id(TenantId::generate))
    }

    /// A fresh address key.
    pub fn address_key(&self) -> AddressKey {
        AddressKey::from_bytes(self.bytes())
    }

    /// Something sealed; nobody can open it.
    pub fn sealed(&self) -> Sealed {
        Sealed::from_bytes(self.bytes::<52>().to_vec())
    }

    /// A fresh address.
    pub fn email(&self) -> EmailAddress {
        let text = format!("{}@example.org", self.word());
        EmailAddress::parse(&text).unwrap_or_else(|error| panic!("a plain address was refused: {error}"))
    }

    /// A challenge with default lifetime and attempts, opened at `now` for an address of its own.
    pub fn challenge(&self, realm: Realm, now: Timestamp) -> Challenge {
        Challenge {
            id: self.id(ChallengeId::generate),
            realm,
            purpose: Purpose::default(),
            address_key: self.address_key(),
            address: self.sealed(),
            note: Some(self.sealed()),
            kid: Kid::from_u32(u32::from_be_bytes(self.bytes())),
            code_length: DEFAULT_LENGTH,
            max_attempts: DEFAULT_ATTEMPTS,
            created_at: now,
            expires_at: now.plus(DEFAULT_TTL),
        }
    }

    /// Another challenge for the address and purpose of `first`, opened at `now`.
    pub fn sibling(&self, first: &Challenge, now: Timestamp) -> Challenge {
        Challenge { address_key: first.address_key, purpose: first.purpose.clone(), ..self.challenge(first.realm, now) }
    }

    /// A request for `challenge` that draws no limit, remembers no answer and causes nothing.
    pub fn request(&self, challenge: &Challenge) -> Request {
        let opening = Opening::New(challenge.clone());
        Request { opening, draws: Vec::new(), idempotency: None, admitted: Vec::new() }
    }

    /// A request to mail the code of `challenge` again, with the default pause.
    pub fn resend(&self, challenge: &Challenge) -> Request {
        let Challenge { realm, id, .. } = *challenge;
        let opening = Opening::Resend { realm, challenge: id, pause: RESEND_AFTER, refused: Vec::new() };
        Request { opening, draws: Vec::new(), idempotency: None, admitted: Vec::new() }
    }

    /// A call of its own, whose answer is remembered for a day.
    pub fn idempotency(&self, now: Timestamp) -> Idempotency {
        Idempotency {
            key: self.bytes(),
            fingerprint: self.bytes(),
            answer: self.bytes::<24>().to_vec(),
            remaining: Vec::new(),
            expires_at: now.plus(24 * HOUR),
        }
    }

    /// A draw of a counter of its own that holds `limit` units an hour.
    pub fn draw(&self, realm: Realm, rule: Rule, limit: u32) -> Draw {
        let key = LimitKey { realm, rule, subject: Subject::from_bytes(self.bytes()) };
        Draw::new(key, limit, Window::Sliding(HOUR))
    }

    /// What a right code for `challenge` opens, were its user new.
    pub fn sign_in(&self, challenge: &Challenge) -> SignIn {
        SignIn {
            user: self.id(UserId::generate),
            address: challenge.address.clone(),
            session: self.id(SessionId::generate),
            lifetimes: Lifetimes::default(),
            max_users: None,
            created: Vec::new(),
            registers: None,
        }
    }

    /// The right code of `challenge`, presented with its id.
    pub fn right(&self, challenge: &Challenge) -> Presented {
        self.matching(by_id(challenge), challenge)
    }

    /// The code of `challenge`, presented by `by`.
    pub fn matching(&self, by: Lookup, challenge: &Challenge) -> Presented {
        let sign_in = Some(self.sign_in(challenge));
        Presented { matched: Some(challenge.id), sign_in, ..self.wrong(by) }
    }

    /// A code that is nobody's, presented by `by`.
    pub fn wrong(&self, by: Lookup) -> Presented {
        Presented { by, matched: None, sign_in: None, wrong_draws: Vec::new(), on: AttemptEffects::default() }
    }

    /// A mail that carries the code of `challenge`.
    pub fn mail(&self, challenge: &Challenge) -> MailJob {
        MailJob {
            id: self.id(MailId::generate),
            realm: challenge.realm,
            letter: Letter::Code { challenge: challenge.id, app_name: "Ex\u{e4}mple".to_owned() },
            locale: Locale::De,
        }
    }

    /// An audit entry with nothing left out.
    pub fn audit(&self, realm: Realm, event: AuditEvent, now: Timestamp) -> AuditEntry {
        let client = std::net::Ipv6Addr::from(self.bytes::<16>());
        let caller = Caller {
            client: Some(otp_core::caller::ClientAddress::new(client.into())),
            user_agent: Some("Mozilla/5.0 (\u{2026}) 'quoted'".to_owned()),
            request_id: Some(self.word()),
            ..Caller::of(Actor::Key(self.id(KeyId::generate)))
        };
        let target = otp_core::audit::Target::Challenge(self.id(ChallengeId::generate));
        AuditEntry::new(self.id(AuditId::generate), realm, event, Some(target), &caller, now)
            .with("address", self.word())
            .with("purpose", "sign-in")
    }

    /// [`Self::audit`] as an effect.
    pub fn told(&self, realm: Realm, event: AuditEvent, now: Timestamp) -> Effect {
        Effect::Audit(self.audit(realm, event, now))
    }

    /// The refresh of a session in its `generation`, with the default grace and idle time.
    pub fn rotation(&self, realm: Realm, session: SessionId, generation: u32) -> Rotation {
        Rotation {
            realm,
            session,
            generation,
            idle: Lifetimes::default().idle,
            grace: Some(REPLAY_GRACE),
            rotated: Vec::new(),
            reused: Vec::new(),
        }
    }

    /// The end of `which` sessions, causing nothing else.
    pub fn revocation(&self, realm: Realm, which: Revoked) -> Revocation {
        Revocation { realm, which, effects: Vec::new() }
    }

    /// A tenant with an owner, a company and one key, on a plan of its own.
    pub fn tenant(&self, now: Timestamp) -> Tenant {
        Tenant {
            owner: Some(self.email()),
            company_name: Some(format!("Company {}", self.word())),
            keys: vec![self.key_record(now)],
            ..Tenant::new(self.id(TenantId::generate), format!("Name {}", self.word()), self.word(), now)
        }
    }

    /// What is kept of a fresh key.
    pub fn key_record(&self, now: Timestamp) -> KeyRecord {
        let key = ApiKey::generate(KeyKind::Secret, Mode::Live, &*self.0).answered();
        KeyRecord {
            id: self.id(KeyId::generate),
            name: self.word(),
            kind: key.kind(),
            mode: Mode::Live,
            hash: key.hash(),
            last4: key.last4().to_owned(),
            created_at: now,
            expires_at: Some(now.plus(Duration::from_secs(86_400))),
            revoked_at: None,
            successor: None,
            allowed_ips: Vec::new(),
        }
    }

    /// A mail as a provider gets it.
    pub fn outgoing_mail(&self) -> OutgoingMail {
        OutgoingMail {
            id: self.id(MailId::generate),
            from: Sender { name: "Example".to_owned(), address: self.email() },
            to: self.email(),
            subject: "Your code".to_owned(),
            text: "Your code is\n\n012345678\n".to_owned(),
            html: "<p>012345678</p>".to_owned(),
            locale: Locale::En,
        }
    }

    /// A fresh id, made by `generate`.
    pub fn id<T>(&self, generate: impl FnOnce(&dyn Entropy) -> Res<T>) -> T {
        generate(&*self.0).answered()
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples").finish_non_exhaustive()
    }
}

/// The look-up of `challenge` by its id.
pub const fn by_id(challenge: &Challenge) -> Lookup {
    Lookup::Id { realm: challenge.realm, id: challenge.id }
}

/// The look-up that finds `challenge` by its address.
pub fn by_address(challenge: &Challenge) -> Lookup {
    Lookup::Address { realm: challenge.realm, purpose: challenge.purpose.clone(), address_key: challenge.address_key }
}

/// The purpose called `name`.
pub fn purpose(name: &str) -> Purpose {
    name.parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The test world of the tenant of `realm`.
pub const fn test_world(realm: Realm) -> Realm {
    Realm { tenant: realm.tenant, mode: Mode::Test }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_samples_again() {
        let (one, same) = (Samples::seeded(3), Samples::seeded(3));
        let of = |samples: &Samples| (samples.realm(), samples.tenant(NOW), samples.word());
        assert_eq!(of(&one), of(&same));
        assert_ne!(one.realm(), one.realm());
        assert_ne!(Samples::random().realm(), Samples::random().realm());
    }

    #[test]
    fn a_sibling_is_found_by_the_same_address_under_another_id() {
        let samples = Samples::seeded(3);
        let first = samples.challenge(samples.realm(), NOW);
        let second = samples.sibling(&first, NOW);
        assert_eq!(by_address(&first), by_address(&second));
        assert_ne!(by_id(&first), by_id(&second));
    }
}
