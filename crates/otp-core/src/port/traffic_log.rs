//! Calls and what went wrong with them, as they were counted in the memory of each process.

use async_trait::async_trait;

use crate::effect::Counter;
use crate::fault::Res;
use crate::realm::Realm;
use crate::time::Timestamp;
use crate::traffic::{Bucket, Category};

/// Calls of one route within one minute that took about as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// Whose.
    pub realm: Realm,
    /// The start of the minute.
    pub minute: Timestamp,
    /// The route, as it is written down, not as it was called.
    pub route: String,
    /// About how long they took.
    pub bucket: Bucket,
    /// How many.
    pub count: u64,
    /// How long all of them took, in microseconds.
    pub micros: u64,
}

/// Failures of one kind within one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failures {
    /// What kind of trouble.
    pub category: Category,
    /// Where: a route, or what is done beside calls.
    pub endpoint: String,
    /// What exactly, by its code.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// What kind of trouble.
    pub category: Category,
    /// Where.
    pub endpoint: String,
    /// What exactly, by its code.
    pub code: String,
    /// The call, if it was one.
    pub request_id: Option<String>,
}

/// What was counted since the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls.
    pub calls: Vec<Calls>,
    /// What usage they add, each in the minute it is of.
    pub counts: Vec<(Realm, Timestamp, Counter, u64)>,
    /// Failures, each with the start of its day.
    pub failures: Vec<(Realm, Timestamp, Failures)>,
    /// The last of them one by one.
    pub recent: Vec<(Realm, Failure)>,
}

impl Traffic {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Self { calls, counts, failures, recent } = self;
        calls.is_empty() && counts.is_empty() && failures.is_empty() && recent.is_empty()
    }
}

/// Keeps it.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TrafficLog: Send + Sync {
    /// Adds what was counted to what is there.
    ///
    /// # Contract
    /// 1. MUST add it as a whole or not at all, whoever else adds (`traffic_adds_up`).
    /// 2. MUST keep the last [`RECENT`](crate::traffic::RECENT) failures of each category one by one
    ///    (`the_last_failures_are_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached. Whether it was added is unknown then.
    async fn record(&self, traffic: Traffic) -> Res<()>;

    /// The calls of the minutes that begin at `from` or later, no more than an hour ago, added up by route and bucket.
    ///
    /// # Contract
    /// 1. MUST add up what all processes recorded (`traffic_adds_up`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn calls_since(&self, realm: Realm, from: Timestamp) -> Res<Vec<Calls>>;

    /// The failures of the days that begin at `from` or later and before `until`, added up.
    ///
    /// # Contract
    /// 1. MUST add up what all processes recorded (`traffic_adds_up`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn failures(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Failures>>;

    /// The last failures that happened at `from` or later and before `until`, of one category or of all, the newest first.
    ///
    /// # Contract
    /// 1. MUST answer them whole (`the_last_failures_are_kept`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn recent(
        &self,
        realm: Realm,
        category: Option<Category>,
        from: Timestamp,
        until: Timestamp,
        max: usize,
    ) -> Res<Vec<Failure>>;
}
