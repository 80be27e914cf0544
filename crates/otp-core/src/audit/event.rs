//! The names of what an audit trail tells of.

/// Declares the events, each under the name it has in the contract.
macro_rules! events {
    ($($(#[$doc:meta])* $event:ident = $name:literal,)*) => {
        /// What happened. A closed list; its names are part of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum AuditEvent {
            $($(#[$doc])* #[serde(rename = $name)] $event,)*
        }

        impl AuditEvent {
            /// Every event there is.
            pub const ALL: &[Self] = &[$(Self::$event),*];

            /// As it is written in rows and answers.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$event => $name,)*
                }
            }
        }
    };
}

events! {
    /// A key was made.
    ApiKeyCreated = "api_key.created",
    /// A key was taken back.
    ApiKeyRevoked = "api_key.revoked",
    /// A key was given a successor.
    ApiKeyRotated = "api_key.rotated",
    /// A tenant changed what it has set.
    ConfigUpdated = "config.updated",
    /// A tenant went back to what it had set.
    ConfigRestored = "config.restored",
    /// A tenant changed how its mails look and go out.
    EmailConfigUpdated = "email_config.updated",
    /// A tenant was made.
    CustomerCreated = "customer.created",
    /// A tenant is served no more, or again.
    CustomerStatusChanged = "customer.status_changed",
    /// A tenant may use more, or less.
    CustomerPlanChanged = "customer.plan_changed",
    /// An account was asked for.
    SignupRequested = "signup.requested",
    /// An account was opened by who reads its owner's mail.
    SignupVerified = "signup.verified",
    /// A code was asked for.
    OtpRequested = "otp.requested",
    /// A code was right.
    OtpVerified = "otp.verified",
    /// A code opened nothing: it was wrong, or there was no room for the user it would have made.
    OtpFailed = "otp.failed",
    /// The last attempt of a lane was spent.
    OtpLocked = "otp.locked",
    /// An address signed in for the first time.
    UserCreated = "user.created",
    /// A user signed in.
    UserLoggedIn = "user.logged_in",
    /// A user signed out.
    UserLoggedOut = "user.logged_out",
    /// A session was refreshed.
    SessionRefreshed = "session.refreshed",
    /// A replaced refresh token was presented; the session ended.
    SessionReuseDetected = "session.reuse_detected",
    /// A tenant ended sessions of a user.
    SessionRevoked = "session.revoked",
    /// A limit refused a call.
    RateLimitExceeded = "rate_limit.exceeded",
    /// A tenant has used most of a quota.
    QuotaWarning = "quota.warning",
    /// A quota refused a call, the first within its day or month.
    QuotaExceeded = "quota.exceeded",
    /// A mail was not sent, because strangers had sent that recipient too many.
    MailMuted = "mail.muted",
    /// A key that opens nothing was presented; told at most once a minute of each client.
    ApiKeyAuthFailed = "api_key.auth_failed",
    /// A key was used from where its allowlists do not let it; told as above.
    IpBlocked = "ip.blocked",
    /// A page called that its tenant has not listed; told as above.
    OriginBlocked = "origin.blocked",
    /// What is held on a user was handed out.
    UserExported = "user.exported",
    /// A user was erased.
    UserDeleted = "user.deleted",
}

/// There is no event of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no audit event of that name")]
pub struct UnknownEvent;

impl std::str::FromStr for AuditEvent {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name).ok_or(UnknownEvent)
    }
}
