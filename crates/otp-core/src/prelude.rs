//! What an application that embeds this crate names most.

pub use crate::caller::{Actor, Caller, ClientAddress};
pub use crate::deployment::Deployment;
pub use crate::email::EmailAddress;
pub use crate::fault::{Fault, FaultKind, Res};
pub use crate::id::{ChallengeId, SessionId, TenantId, UserId};
pub use crate::keys::MasterKey;
pub use crate::mail::Sender;
pub use crate::otp::{CodeRequest, Issued, Otp, Proof, RequestError, Verification, Verified, VerifyError};
pub use crate::port::Stores;
pub use crate::relay::Relay;
pub use crate::sessions::{SessionError, Sessions, Tokens};
pub use crate::system::{SystemClock, SystemEntropy};
pub use crate::tenant::Tenant;
pub use crate::tenants::Tenants;
pub use crate::token::TenantKeys;
