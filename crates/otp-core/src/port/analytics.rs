//! What was counted, over long times: added up by hours, days and months.

use async_trait::async_trait;

use super::ledger::Counted;
use crate::analytics::Span;
use crate::effect::Counter;
use crate::fault::Res;
use crate::realm::Realm;
use crate::time::Timestamp;

/// How often something happened within one span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Total {
    /// When the span begins.
    pub start: Timestamp,
    /// What.
    pub counter: Counter,
    /// How often; never zero.
    pub count: u64,
}

impl From<Total> for Counted {
    /// Of an hour.
    fn from(Total { start, counter, count }: Total) -> Self {
        Self { hour: start, counter, count }
    }
}

/// How many users were active within one span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Active {
    /// When the span begins.
    pub start: Timestamp,
    /// How many; never zero.
    pub users: u64,
}

/// What is written through [`Effect::Count`](crate::effect::Effect::Count) and
/// [`Effect::Seen`](crate::effect::Effect::Seen), by the span of time. Counted by the minute first; what is older than a
/// day is rolled up. Whether it was makes no difference to what is answered.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Analytics: Send + Sync {
    /// What was counted in the spans that begin at `from` or later and before `until`, by span and counter.
    ///
    /// # Contract
    /// 1. MUST count every effect exactly once, in the span it happened in, rolled up or not (`spans_add_up`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn totals(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<Vec<Total>>;

    /// How many users were seen in each span that begins at `from` or later and before `until`.
    ///
    /// # Contract
    /// 1. MUST count a user once a span, however often he was seen, rolled up or not (`spans_add_up`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn active(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<Vec<Active>>;

    /// How many users were seen in the days, or in the hours, that begin at `from` or later and before `until`, each once.
    ///
    /// # Contract
    /// 1. MUST count a user once, rolled up or not (`spans_add_up`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn unique(&self, realm: Realm, span: Span, from: Timestamp, until: Timestamp) -> Res<u64>;

    /// What was counted in the minutes that begin at `from` or later, no more than 24 hours ago.
    ///
    /// # Contract
    /// 1. MUST count from the minute of `from` on and from none before (`minutes_are_exact`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn since(&self, realm: Realm, from: Timestamp) -> Res<Vec<(Counter, u64)>>;

    /// How many users were seen in the minutes that begin at `from` or later, no more than 24 hours ago.
    ///
    /// # Contract
    /// 1. MUST count each once (`minutes_are_exact`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn active_since(&self, realm: Realm, from: Timestamp) -> Res<u64>;

    /// About how many octets are kept of a tenant's world: of its users and, for the live one, the audit trail.
    ///
    /// # Contract
    /// 1. MUST grow with either and shrink when they go (`what_is_kept_takes_room`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn octets(&self, realm: Realm) -> Res<u64>;

    /// Rolls up some of the minutes that are over for more than a day, and forgets some of the hours of more than ninety
    /// days ago and of the days of more than three years ago; answers how many rows. To be called until that is none, by
    /// any number of processes.
    ///
    /// # Contract
    /// 1. MUST leave every answer about spans it does not forget as it was, however often and by however many it is
    ///    called (`spans_add_up`).
    /// 2. MUST forget what is too old (`old_spans_are_forgotten`).
    ///
    /// # Errors
    /// When the store cannot be reached. What was rolled up by then stays so.
    async fn roll_up(&self, now: Timestamp) -> Res<u64>;
}
