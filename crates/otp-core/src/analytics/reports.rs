//! What was counted, as a tenant asks for it.

use std::collections::BTreeMap;
use std::fmt;

use super::metrics::Metrics;
use super::span::Span;
use crate::deployment::Deployment;
use crate::fault::Res;
use crate::limit::DAY;
use crate::port::{Failure, Failures};
use crate::realm::Realm;
use crate::time::Timestamp;
use crate::traffic::{Category, RECENT};

/// The longest range over which users are counted once each.
const UNIQUE_UP_TO: u32 = 31;

/// Reports on traffic.
#[derive(Clone)]
pub struct Reports {
    pub(super) deployment: Deployment,
}

/// What happened within a range, and within each of its spans.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// When the first span begins.
    pub from: Timestamp,
    /// When the last span ends.
    pub until: Timestamp,
    /// All of it.
    pub total: Metrics,
    /// How many users were active; not told of ranges of more than 31 days.
    pub unique_users: Option<u64>,
    /// How many octets are kept now.
    pub octets: u64,
    /// When each span begins, what happened within it, and how many users were active.
    pub spans: Vec<(Timestamp, Metrics, u64)>,
}

/// What went wrong within a range of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReport {
    /// By category, place and code.
    pub failures: Vec<Failures>,
    /// The last of them, the newest first.
    pub recent: Vec<Failure>,
}

impl Reports {
    /// On `deployment`.
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// What happened from the span of `from` until the span of `last`, both within; a span without anything is there, too.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn overview(&self, realm: Realm, span: Span, from: Timestamp, last: Timestamp) -> Res<Overview> {
        let analytics = &self.deployment.stores.analytics;
        let (from, until) = (span.start(from), span.next(last));
        let mut spans: BTreeMap<Timestamp, (Metrics, u64)> =
            span.starts(from, until).map(|start| (start, Default::default())).collect();
        let mut total = Metrics::default();
        for counted in analytics.totals(realm, span, from, until).await? {
            total.add(counted.counter, counted.count);
            if let Some((metrics, _)) = spans.get_mut(&counted.start) {
                metrics.add(counted.counter, counted.count);
            }
        }
        for active in analytics.active(realm, span, from, until).await? {
            if let Some((_, users)) = spans.get_mut(&active.start) {
                *users = active.users;
            }
        }
        let unique_users = if from.until(until) <= UNIQUE_UP_TO * DAY {
            Some(analytics.unique(realm, span.min(Span::Day), from, until).await?)
        } else {
            None
        };
        Ok(Overview {
            from,
            until,
            total,
            unique_users,
            octets: analytics.octets(realm).await?,
            spans: spans.into_iter().map(|(start, (metrics, users))| (start, metrics, users)).collect(),
        })
    }

    /// What went wrong from the day of `from` until the day of `last`, both within, of one category or of all.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn failures(
        &self,
        realm: Realm,
        from: Timestamp,
        last: Timestamp,
        category: Option<Category>,
    ) -> Res<FailureReport> {
        let traffic = &self.deployment.stores.traffic;
        let (from, until) = (from.day(), last.next_day());
        let mut failures = traffic.failures(realm, from, until).await?;
        failures.retain(|failures| category.is_none_or(|category| category == failures.category));
        Ok(FailureReport { failures, recent: traffic.recent(realm, category, from, until, RECENT).await? })
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports").finish_non_exhaustive()
    }
}
