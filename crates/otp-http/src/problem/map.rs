//! What each error of the domain is to a caller. Every match names every variant, so that a new
//! error does not compile until somebody has decided what callers see of it.

use std::error::Error;

use http::header::RETRY_AFTER;
use otp_core::config::{ConfigError, Flawed};
use otp_core::fault::{Fault, FaultKind};
use otp_core::limit::Rule;
use otp_core::otp::{RateLimited, RequestError, VerifyError};
use otp_core::sessions::SessionError;
use otp_core::signup::{ConfirmError, SignupError};
use otp_core::tenant::TenantStatus;
use otp_core::tenants::{AccountError, ConfigureError, KeyError, KeyRefused, RegisterError};
use otp_core::time::ceil_seconds;
use otp_core::users::UserError;

use super::{Extra, FieldError, Flaw, MAX_ERRORS, Problem, ProblemCode};
use crate::limits;

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::InvalidEmail(_) => Self::invalid(vec![FieldError::new("/email", Flaw::InvalidEmail)]),
            RequestError::RateLimited(limited) => rate_limited(&limited),
            RequestError::QuotaExceeded(limited) => quota_exceeded(&limited),
            RequestError::Blocked => ProblemCode::EmailBlocked.into(),
            RequestError::IdempotencyMismatch => ProblemCode::IdempotencyMismatch.into(),
            RequestError::Fault(fault) => fault.into(),
        }
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::InvalidFormat { expected: _ } => ProblemCode::InvalidOtpFormat.into(),
            VerifyError::Invalid { remaining } => {
                Self::new(ProblemCode::OtpInvalid).with(Extra::Attempts { remaining_attempts: remaining })
            }
            VerifyError::Exhausted => ProblemCode::OtpAttemptsExceeded.into(),
            VerifyError::Expired => ProblemCode::OtpExpired.into(),
            VerifyError::RateLimited(limited) => rate_limited(&limited),
            VerifyError::UserLimitReached => ProblemCode::UserLimitReached.into(),
            VerifyError::Fault(fault) => fault.into(),
        }
    }
}

impl From<SignupError> for Problem {
    fn from(error: SignupError) -> Self {
        match error {
            SignupError::Closed => ProblemCode::SignupClosed.into(),
            SignupError::RateLimited(limited) => rate_limited(&limited),
            SignupError::IdempotencyMismatch => ProblemCode::IdempotencyMismatch.into(),
            SignupError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Closed => ProblemCode::SignupClosed.into(),
            ConfirmError::EmailTaken => ProblemCode::EmailTaken.into(),
            // There is nothing to do but to ask again.
            ConfirmError::InFlight => ProblemCode::Unavailable.into(),
            ConfirmError::Verify(error) => error.into(),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Invalid(_) => ProblemCode::InvalidToken.into(),
            SessionError::Reused => ProblemCode::RefreshReused.into(),
            SessionError::Fault(fault) => fault.into(),
        }
    }
}

impl From<KeyRefused> for Problem {
    fn from(error: KeyRefused) -> Self {
        match error {
            KeyRefused::Invalid(_) => ProblemCode::InvalidApiKey.into(),
            KeyRefused::Fault(fault) => fault.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => ProblemCode::EmailTaken.into(),
            RegisterError::UnknownPlan => Self::invalid(vec![FieldError::new("/plan", Flaw::UnknownPlan)]),
            RegisterError::Fault(fault) => fault.into(),
        }
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => ProblemCode::NotFound.into(),
            UserError::Fault(fault) => fault.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotFound => ProblemCode::NotFound.into(),
            KeyError::NotActive => ProblemCode::InvalidTransition.into(),
            KeyError::LastKey => ProblemCode::LastKey.into(),
            KeyError::TooMany => ProblemCode::TooManyKeys.into(),
            KeyError::Fault(fault) => fault.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NoTenant(_) => ProblemCode::NotFound.into(),
            AccountError::Cancelled => ProblemCode::InvalidTransition.into(),
            AccountError::UnknownPlan => Self::invalid(vec![FieldError::new("/plan", Flaw::UnknownPlan)]),
            AccountError::Fault(fault) => fault.into(),
        }
    }
}

impl Problem {
    /// Of a configuration to which `at` points in the body, and whose own pointers begin with `strip`.
    pub(crate) fn of_configure(error: ConfigureError, at: &str, strip: &str) -> Self {
        match error {
            ConfigureError::NoTenant(_) | ConfigureError::NoVersion => ProblemCode::NotFound.into(),
            ConfigureError::VersionConflict => ProblemCode::VersionConflict.into(),
            ConfigureError::LocksYouOut => ProblemCode::LocksYouOut.into(),
            ConfigureError::Config(ConfigError::NotInPlan(_)) => ProblemCode::FeatureNotInPlan.into(),
            ConfigureError::Config(ConfigError::Invalid(flaws)) => {
                let within = |Flawed { pointer, flaw }: Flawed| {
                    let pointer = pointer.strip_prefix(strip).map(str::to_owned).unwrap_or(pointer);
                    FieldError::of_config(at, Flawed { pointer, flaw })
                };
                Self::invalid(flaws.into_iter().take(MAX_ERRORS).map(within).collect())
            }
            ConfigureError::Config(ConfigError::Fault(fault)) | ConfigureError::Fault(fault) => fault.into(),
        }
    }
}

fn rate_limited(limited: &RateLimited) -> Problem {
    let RateLimited { by, now, .. } = limited;
    let extra = Extra::Limit {
        rule: by.rule.as_str(),
        limit: by.limit,
        window_seconds: by.window.length(*now).as_secs(),
        reset_at: by.resets_at.to_string(),
    };
    refused(Problem::new(ProblemCode::RateLimited).with(extra), limited)
}

fn quota_exceeded(limited: &RateLimited) -> Problem {
    let by = limited.by;
    let day = by.rule == Rule::QuotaDay;
    let extra = Extra::Quota {
        reason: if day { "daily_quota_exceeded" } else { "monthly_quota_exceeded" },
        quota: by.limit,
        usage: by.drawn,
    };
    refused(Problem::new(ProblemCode::QuotaExceeded).with(extra), limited)
}

/// `problem`, with when to come back and how all limits stand.
fn refused(problem: Problem, RateLimited { by, usage, now }: &RateLimited) -> Problem {
    let wait = ceil_seconds(now.until(by.resets_at)).max(1);
    limits::headers(usage, *now)
        .into_iter()
        .fold(problem.with_header(RETRY_AFTER, wait.into()), |problem, (name, value)| problem.with_header(name, value))
}

impl From<Fault> for Problem {
    /// The cause is for the operator and goes to the log; the caller learns only whether to come back.
    fn from(fault: Fault) -> Self {
        log(&fault);
        match fault.kind() {
            FaultKind::Unavailable => ProblemCode::Unavailable.into(),
            FaultKind::Corrupt | FaultKind::Misconfigured | FaultKind::Denied => ProblemCode::Internal.into(),
        }
    }
}

/// Tells the operator of a fault. Causes are the adapters' words, which hold no address, code, key or token.
pub(crate) fn log(fault: &Fault) {
    let cause = fault.source().map(ToString::to_string).unwrap_or_default();
    tracing::error!(op = fault.op(), kind = ?fault.kind(), cause, "fault");
}

/// Why a customer of this status is not served, if it is not.
pub(crate) const fn unserved(status: TenantStatus) -> Option<ProblemCode> {
    match status {
        TenantStatus::Active => None,
        TenantStatus::Suspended => Some(ProblemCode::CustomerSuspended),
        TenantStatus::Cancelled => Some(ProblemCode::CustomerCancelled),
    }
}
