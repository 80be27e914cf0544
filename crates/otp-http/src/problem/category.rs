//! What kind of trouble each problem is, for who counts them.

use otp_core::traffic::Category;

use super::ProblemCode;

impl ProblemCode {
    /// What kind of trouble it is.
    pub const fn category(self) -> Category {
        match self {
            Self::InvalidJson
            | Self::InvalidRequest
            | Self::InvalidOtpFormat
            | Self::LocksYouOut
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::RequestTimeout
            | Self::EmailTaken
            | Self::InvalidTransition
            | Self::LastKey
            | Self::TooManyKeys
            | Self::VersionConflict
            | Self::PayloadTooLarge
            | Self::UnsupportedMediaType
            | Self::IdempotencyInFlight
            | Self::IdempotencyMismatch => Category::Validation,
            Self::InvalidApiKey
            | Self::InvalidToken
            | Self::OtpInvalid
            | Self::OtpExpired
            | Self::OtpAttemptsExceeded
            | Self::RefreshReused
            | Self::SecretKeyInBrowser
            | Self::OriginNotAllowed
            | Self::CsrfFailed
            | Self::CustomerSuspended
            | Self::CustomerCancelled
            | Self::IpNotAllowed
            | Self::InsufficientScope
            | Self::OperatorRequired
            | Self::RecipientNotAllowed
            | Self::EmailBlocked
            | Self::HostNotAllowed
            | Self::SignupClosed => Category::Authentication,
            Self::RateLimited => Category::RateLimit,
            Self::QuotaExceeded | Self::UserLimitReached | Self::FeatureNotInPlan => Category::Quota,
            Self::Internal | Self::Unavailable => Category::Internal,
        }
    }
}
