//! Limits: what is counted, for whom, and how much of it a window holds.
//!
//! The arithmetic is [`decide`], one pure function; stores keep a [`Log`] per [`LimitKey`], hand it
//! in and write back what comes out. A refused call spends nothing of any limit.

mod log;
mod window;

pub use log::Log;
pub use window::Window;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::keys::Subject;
use crate::realm::Realm;
use crate::time::Timestamp;

/// One hour.
pub const HOUR: Duration = Duration::from_secs(3600);
/// One day of 24 hours.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is limited. The order is the order in which stores lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Codes for one address within an hour.
    EmailHour,
    /// Codes for one address within a day.
    EmailDay,
    /// Codes asked for from one client address within an hour.
    ClientHour,
    /// Wrong codes from one client address within an hour.
    ClientWrongHour,
    /// Mails to one recipient within an hour, from tenants it never signed in at.
    RecipientHour,
    /// Signups of one address within an hour.
    SignupEmail,
    /// Signups from one client address within an hour.
    SignupClient,
    /// The pause between two mails of one challenge. Kept by the challenge itself.
    Resend,
    /// Codes a tenant asks for in a UTC day.
    QuotaDay,
    /// Codes a tenant asks for in a UTC month.
    QuotaMonth,
    /// That a tenant was told of most of its day being used.
    QuotaDayWarned,
    /// That a tenant was told of its day being used up.
    QuotaDayExceeded,
    /// That a tenant was told of most of its month being used.
    QuotaMonthWarned,
    /// That a tenant was told of its month being used up.
    QuotaMonthExceeded,
    /// That a trail was told of calls of a client that were refused at the door.
    RefusalTold,
    /// That it was told of signups refused to one address.
    SignupEmailTold,
    /// That it was told of signups refused to one client address.
    SignupClientTold,
}

impl Rule {
    /// As it is written in headers, problems and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailHour => "email-hour",
            Self::EmailDay => "email-day",
            Self::ClientHour => "client-hour",
            Self::ClientWrongHour => "client-wrong-hour",
            Self::RecipientHour => "recipient-hour",
            Self::SignupEmail => "signup-email",
            Self::SignupClient => "signup-client",
            Self::Resend => "resend",
            Self::QuotaDay => "quota-day",
            Self::QuotaMonth => "quota-month",
            Self::QuotaDayWarned => "quota-day-warned",
            Self::QuotaDayExceeded => "quota-day-exceeded",
            Self::QuotaMonthWarned => "quota-month-warned",
            Self::QuotaMonthExceeded => "quota-month-exceeded",
            Self::RefusalTold => "refusal-told",
            Self::SignupEmailTold => "signup-email-told",
            Self::SignupClientTold => "signup-client-told",
        }
    }

    /// Whether it is what a plan holds for a tenant as a whole, rather than what protects from haste. Where both
    /// refuse, it is the haste that is told.
    pub const fn is_quota(self) -> bool {
        match self {
            Self::QuotaDay | Self::QuotaMonth => true,
            Self::EmailHour
            | Self::EmailDay
            | Self::ClientHour
            | Self::ClientWrongHour
            | Self::RecipientHour
            | Self::SignupEmail
            | Self::SignupClient
            | Self::Resend
            | Self::QuotaDayWarned
            | Self::QuotaDayExceeded
            | Self::QuotaMonthWarned
            | Self::QuotaMonthExceeded
            | Self::RefusalTold
            | Self::SignupEmailTold
            | Self::SignupClientTold => false,
        }
    }
}

/// One counter: tenant first, so no two tenants can share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey {
    /// Whose.
    pub realm: Realm,
    /// What is counted.
    pub rule: Rule,
    /// For whom.
    pub subject: Subject,
}

/// One unit asked of one limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// The counter.
    pub key: LimitKey,
    /// How many units the window holds. Zero admits nothing.
    pub limit: u32,
    /// When units come back.
    pub window: Window,
    /// What to write when it is this limit that refuses.
    pub refused: Vec<Effect>,
    /// What to write on the way there.
    pub mark: Option<Mark>,
}

/// A mark below a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// How many units drawn reach it.
    pub units: u32,
    /// What to write whenever a unit is drawn at or above it.
    pub effects: Vec<Effect>,
}

impl Draw {
    /// One unit of a limit of `limit` in `window` that writes nothing.
    pub const fn new(key: LimitKey, limit: u32, window: Window) -> Self {
        Self { key, limit, window, refused: Vec::new(), mark: None }
    }
}

/// How a limit stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Which limit.
    pub rule: Rule,
    /// How many units the window holds.
    pub limit: u32,
    /// The window.
    pub window: Window,
    /// Units drawn; more than it holds, if it held more before.
    pub drawn: u32,
    /// When the next unit comes back; when nothing is drawn, now.
    pub resets_at: Timestamp,
}

impl Usage {
    /// Units left.
    pub const fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.drawn)
    }
}

/// Whether all draws fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// They did, and were spent. One usage per draw, in order, as of after.
    Admitted(Vec<Usage>),
    /// At least one did not, and none was spent.
    Refused {
        /// One usage per draw, in order.
        usage: Vec<Usage>,
        /// Which draw refused, as [`refusing`] tells.
        by: usize,
    },
}

impl Admission {
    /// What `draws` want written, now that this has become of them.
    pub fn effects(&self, draws: &[Draw]) -> Vec<Effect> {
        match self {
            Self::Admitted(usage) => {
                let reached = draws
                    .iter()
                    .zip(usage)
                    .filter_map(|(draw, usage)| draw.mark.as_ref().filter(|mark| usage.drawn >= mark.units));
                reached.flat_map(|mark| mark.effects.iter().cloned()).collect()
            }
            Self::Refused { by, .. } => draws.get(*by).map(|draw| draw.refused.clone()).unwrap_or_default(),
        }
    }
}

/// Draws all or nothing: spends one unit of each log if every draw fits, else leaves all as they are.
///
/// `logs` holds the state of each draw's key, in the order of `draws`; a key that was never drawn is
/// an empty log. No two draws may share a key.
pub fn decide(draws: &[Draw], logs: &mut [Log], now: Timestamp) -> Admission {
    debug_assert_eq!(draws.len(), logs.len());
    let before = peek(draws, logs, now);
    if let Some(by) = refusing(&before) {
        return Admission::Refused { usage: before, by };
    }
    for (draw, log) in draws.iter().zip(logs.iter_mut()) {
        log.spend(draw.window, now);
    }
    Admission::Admitted(peek(draws, logs, now))
}

/// Which of `usage` would refuse a draw, if any: of several, the one that frees up last, so that waiting for it
/// suffices; but no quota while a rate does.
pub fn refusing(usage: &[Usage]) -> Option<usize> {
    let used_up = usage.iter().enumerate().filter(|(_, usage)| usage.remaining() == 0);
    used_up.max_by_key(|(_, usage)| (!usage.rule.is_quota(), usage.resets_at)).map(|(by, _)| by)
}

/// How each limit stands, spending nothing.
pub fn peek(draws: &[Draw], logs: &[Log], now: Timestamp) -> Vec<Usage> {
    draws.iter().zip(logs).map(|(draw, log)| log.usage(draw, now)).collect()
}

/// How a pause of `span` stands, if it is not over: `last` is when it began.
pub fn pause(span: Duration, last: Timestamp, now: Timestamp) -> Option<Usage> {
    let resets_at = last.plus(span);
    let usage = Usage { rule: Rule::Resend, limit: 1, window: Window::Sliding(span), drawn: 1, resets_at };
    (now < resets_at).then_some(usage)
}
