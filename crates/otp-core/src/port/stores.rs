//! The storage ports of one deployment, each behind its trait.

use std::fmt;
use std::sync::Arc;

use super::{
    Analytics, AuditLog, AuditTrail, CallStore, ChallengeStore, Erasure, LimitStore, Metering, RootStore, SessionStore,
    TenantStore, TrafficLog, UserStore,
};

/// Every storage port. Usually one adapter behind all of them; each may be replaced by itself.
#[derive(Clone)]
pub struct Stores {
    /// Challenges, and the outbox of their mail.
    pub challenges: Arc<dyn ChallengeStore>,
    /// Limits drawn by themselves.
    pub limits: Arc<dyn LimitStore>,
    /// Whether those of requests and attempts are drawn there, too, before the write that opens a
    /// challenge and after the one that spends an attempt; else they are drawn in those writes.
    pub limits_apart: bool,
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Users.
    pub users: Arc<dyn UserStore>,
    /// Tenants.
    pub tenants: Arc<dyn TenantStore>,
    /// Answers of calls, beside the tenants those change.
    pub calls: Arc<dyn CallStore>,
    /// Usage.
    pub metering: Arc<dyn Metering>,
    /// Usage over long times.
    pub analytics: Arc<dyn Analytics>,
    /// Calls and failures.
    pub traffic: Arc<dyn TrafficLog>,
    /// The audit trail, as it is written.
    pub audit: Arc<dyn AuditLog>,
    /// The audit trail, sealed.
    pub trails: Arc<dyn AuditTrail>,
    /// What erases a person.
    pub erasure: Arc<dyn Erasure>,
    /// The root of the index keys.
    pub roots: Arc<dyn RootStore>,
}

impl Stores {
    /// One adapter behind every port.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: ChallengeStore
            + LimitStore
            + SessionStore
            + UserStore
            + TenantStore
            + CallStore
            + Metering
            + Analytics
            + TrafficLog
            + AuditLog
            + AuditTrail
            + Erasure
            + RootStore
            + 'static,
    {
        Self {
            challenges: store.clone(),
            limits: store.clone(),
            limits_apart: false,
            sessions: store.clone(),
            users: store.clone(),
            tenants: store.clone(),
            calls: store.clone(),
            metering: store.clone(),
            analytics: store.clone(),
            traffic: store.clone(),
            audit: store.clone(),
            trails: store.clone(),
            erasure: store.clone(),
            roots: store,
        }
    }

    /// The same, with every limit kept in `limits`, which need not write effects.
    #[must_use]
    pub fn with_limits(self, limits: Arc<dyn LimitStore>) -> Self {
        Self { limits, limits_apart: true, ..self }
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}
