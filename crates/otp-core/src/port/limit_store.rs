//! Limits drawn by themselves, outside the write of a request.

use async_trait::async_trait;

use crate::fault::Res;
use crate::limit::{Admission, Draw, Usage};
use crate::time::Timestamp;

/// Keeps counters of limits.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// Draws all or nothing, by [`decide`](crate::limit::decide); writes what the draws want written of that.
    ///
    /// # Contract
    /// 1. MUST admit exactly as many as fit, under any concurrency (`acquire_is_exact`), and so by the calendar
    ///    (`a_day_ends_at_midnight`).
    /// 2. MUST spend nothing when it refuses (`acquire_spends_nothing_when_refused`).
    /// 3. MUST tell of several refusals the one that `decide` does (`haste_is_told_before_a_quota`).
    /// 4. MUST write the effects of the draw that refused, or those of the marks reached (`marks_are_told`).
    ///
    /// # Errors
    /// When the store cannot be reached; the units may have been spent.
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission>;

    /// How the limits of `draws` stand, in their order. A plain read.
    ///
    /// # Contract
    /// 1. MUST answer as the next `acquire` would decide, and spend nothing (`usage_spends_nothing`).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>>;
}
