//! The ports: everything the domain asks of the world.
//!
//! Verbs name an intent and are atomic. Outcomes are values; a [`Fault`](crate::fault::Fault) means
//! the work could not be done, and the domain fails closed on it. Adapters are given the time and
//! fresh ids; they consult neither clock nor entropy. Every method lists its contract in numbered
//! lines, each naming the conformance case of `otp-testkit` that shows it.

mod analytics;
mod audit_trail;
mod call_store;
mod challenge_store;
mod erasure;
mod ledger;
mod limit_store;
mod mailer;
mod outbox;
mod session_store;
mod signer;
mod stores;
mod surroundings;
mod tenant_store;
mod traffic_log;
mod user_store;

pub use analytics::{Active, Analytics, Total};
pub use audit_trail::{AuditCursor, AuditFilter, AuditTrail, Placed, Sealing, Unsealed};
pub use call_store::{Begun, CallLease, CallStore, Remembered};
pub use challenge_store::{
    Attempt, AttemptEffects, ChallengeStore, Idempotency, Opened, Opening, Presented, Request, SignedIn,
};
pub use erasure::{Erased, Erasure};
pub use ledger::{AuditLog, Counted, Metering};
pub use limit_store::LimitStore;
pub use mailer::{Delivery, MailTrouble, Mailer};
pub use outbox::{Backlog, Lease, Leased, Outbox, Progress, Settled, Settlement};
pub use session_store::{Revocation, Revoked, Rotated, Rotation, SessionStore};
pub use signer::TokenSigner;
pub use stores::Stores;
pub use surroundings::{Bell, Clock, Entropy, EntropyExt, RetiredKey, RootStore, Silent};
pub use tenant_store::{
    Age, ChangeNumber, Changes, ConfigMark, Inserted, Replaced, TenantCursor, TenantFilter, TenantStore,
};
pub use traffic_log::{Calls, Failure, Failures, Traffic, TrafficLog};
pub use user_store::{Resealed, UserCursor, UserStore};

#[cfg(feature = "mocks")]
pub use self::{
    analytics::MockAnalytics,
    audit_trail::MockAuditTrail,
    call_store::MockCallStore,
    challenge_store::MockChallengeStore,
    erasure::MockErasure,
    ledger::{MockAuditLog, MockMetering},
    limit_store::MockLimitStore,
    mailer::MockMailer,
    outbox::MockOutbox,
    session_store::MockSessionStore,
    signer::MockTokenSigner,
    surroundings::{MockBell, MockClock, MockEntropy, MockRootStore},
    tenant_store::MockTenantStore,
    traffic_log::MockTrafficLog,
    user_store::MockUserStore,
};
