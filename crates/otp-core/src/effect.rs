//! Effects: what a change causes, written in the same atomic write as the change.

use serde::{Deserialize, Serialize};

use crate::audit::{AuditEntry, Target};
use crate::id::{ChallengeId, MailId, TenantId, UserId};
use crate::limit::{Draw, LimitKey, Window};
use crate::locale::Locale;
use crate::port::Remembered;
use crate::realm::Realm;
use crate::tenant::TenantStatus;
use crate::time::Timestamp;

/// Something a change causes. A store writes it with the change, or neither.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A mail to queue in the outbox, due at once.
    Mail(MailJob),
    /// One more in the hour of `at`.
    Count {
        /// Whose.
        realm: Realm,
        /// Of what.
        counter: Counter,
        /// When it happened.
        at: Timestamp,
    },
    /// A user was active in the hour of `at`; a store counts each once an hour.
    Seen {
        /// Whose.
        realm: Realm,
        /// Who.
        who: Who,
        /// When.
        at: Timestamp,
    },
    /// A line of the audit trail.
    Audit(AuditEntry),
    /// The answer of the call that makes the change; the whole change is refused if somebody else makes that call by now.
    /// Goes with changes of tenants only, and with the sign-in that registers one.
    Remember(Remembered),
    /// Others, unless they were written within this window before. Whether they were is a limit of one unit,
    /// [drawn](Once::draw) in the same write.
    Once(Once),
}

/// Effects that are written once a window, however often there is a reason to.
#[derive(Debug, Clone, PartialEq)]
pub struct Once {
    /// What counts that they were.
    pub key: LimitKey,
    /// When they may be written again.
    pub window: Window,
    /// What to write.
    pub effects: Vec<Effect>,
}

impl Once {
    /// What has to be admitted for the effects to be written.
    pub const fn draw(&self) -> Draw {
        Draw::new(self.key, 1, self.window)
    }
}

/// A user an effect speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Known when the effect is made.
    User(UserId),
    /// Whoever this very write signs in: only the write knows whether the address is new.
    SignedIn,
}

impl Effect {
    /// This effect once the write has found out whom it signs in. Every store passes the effects of a
    /// sign-in through here before it writes them.
    #[must_use]
    pub fn signed_in(mut self, user: UserId) -> Self {
        match &mut self {
            Self::Seen { who, .. } => *who = Who::User(user),
            Self::Audit(entry) => {
                if entry.target == Some(Target::SignedIn) {
                    entry.target = Some(Target::User(user));
                }
            }
            Self::Once(once) => {
                let effects = std::mem::take(&mut once.effects);
                once.effects = effects.into_iter().map(|effect| effect.signed_in(user)).collect();
            }
            Self::Mail(_) | Self::Count { .. } | Self::Remember(_) => {}
        }
        self
    }
}

/// What is counted, per realm and hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Counter {
    /// Codes issued or sent again.
    OtpRequests,
    /// Verify calls that got an answer on a code.
    OtpVerifications,
    /// Verify calls whose code was right.
    SuccessfulLogins,
    /// Users who signed in for the first time.
    NewUsers,
    /// Mails a provider took.
    EmailsSent,
    /// Mails given up: refused, or out of time.
    EmailsFailed,
    /// Mails not sent because their code was dead by then.
    EmailsDropped,
    /// Mails not sent because strangers had sent that recipient too many.
    EmailsMuted,
    /// Calls of whatever route.
    ApiCalls,
    /// Calls answered with an error.
    ApiErrors,
    /// How long calls took, in microseconds.
    ResponseMicros,
}

impl Counter {
    /// As it is written in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtpRequests => "otpRequests",
            Self::OtpVerifications => "otpVerifications",
            Self::SuccessfulLogins => "successfulLogins",
            Self::NewUsers => "newUsers",
            Self::EmailsSent => "emailsSent",
            Self::EmailsFailed => "emailsFailed",
            Self::EmailsDropped => "emailsDropped",
            Self::EmailsMuted => "emailsMuted",
            Self::ApiCalls => "apiCalls",
            Self::ApiErrors => "apiErrors",
            Self::ResponseMicros => "responseMicros",
        }
    }
}

/// A mail to send. It holds neither code nor address: both are looked up when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailJob {
    /// Names it, the same over all its tries.
    pub id: MailId,
    /// Who sends it.
    pub realm: Realm,
    /// What it says, and to whom.
    pub letter: Letter,
    /// The language it is written in.
    pub locale: Locale,
}

/// What a mail says, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// The code of a challenge, to its address.
    Code {
        /// Which.
        challenge: ChallengeId,
        /// What the tenant is called.
        app_name: String,
    },
    /// The code and the link that open an account, to the address of a challenge.
    Signup {
        /// Which.
        challenge: ChallengeId,
    },
    /// That there is an account already, to the address of a challenge whose code nobody gets.
    AccountExists {
        /// Which.
        challenge: ChallengeId,
    },
    /// News of an account, to its owner.
    Notice(Notice),
}

impl Letter {
    /// The challenge to whose address it goes, and with which it dies.
    pub const fn challenge(&self) -> Option<ChallengeId> {
        match self {
            Self::Code { challenge, .. } | Self::Signup { challenge } | Self::AccountExists { challenge } => {
                Some(*challenge)
            }
            Self::Notice(_) => None,
        }
    }
}

/// What the owner of an account is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Whose account.
    pub tenant: TenantId,
    /// What is new.
    pub news: News,
    /// From when on it is old, and not sent any more.
    pub expires_at: Timestamp,
}

/// What is new about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It is served, or is not.
    Status {
        /// How it stands now.
        status: TenantStatus,
        /// Why, as the operator has put it.
        reason: Option<String>,
    },
    /// It may use more, or less.
    Plan {
        /// The name of its plan now.
        plan: String,
    },
}
