//! What a tenant has set for itself: how its codes, mails, limits and tokens behave.
//!
//! A member that was never set, or was set back by `null`, is absent, and its default holds: so a default
//! that changes changes for everyone who has not chosen. [`patched`] is the one way to change any.

mod blocked;
pub(crate) mod diff;
mod flaw;
mod members;
mod origin;
mod patch;
mod sealing;

pub use blocked::{Blocked, InvalidBlocked};
pub use flaw::{ConfigFlaw, Flawed, NotInPlan, pointer};
pub use members::whole;
pub use origin::{InvalidOrigin, Origin, OriginAccess};
pub use patch::{ConfigError, network, patched, restored};
pub use sealing::Secret;

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::challenge::{DEFAULT_ATTEMPTS, DEFAULT_TTL};
use crate::code;
use crate::locale::Locale;
use crate::session::Lifetimes;
use crate::token::Algorithm;

/// Everything a tenant may set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantConfig {
    /// Its mails.
    pub email_config: EmailConfig,
    /// Its codes.
    pub otp: OtpConfig,
    /// Its limits, within what its plan allows.
    pub rate_limits: RateLimits,
    /// The language it writes in where the end user names none.
    pub locale: Option<Locale>,
    /// Whose pages may use its publishable keys.
    pub allowed_origins: Vec<Origin>,
    /// From where its secret keys may be used; from everywhere, if empty.
    pub allowed_ips: Vec<IpNet>,
    /// Who gets no code.
    pub blocked_emails: Vec<Blocked>,
    /// Its tokens.
    pub tokens: TokenConfig,
    /// How its pages hold sessions.
    pub session: SessionConfig,
}

impl TenantConfig {
    /// How far pages of `origin`, as a browser has sent it, may call.
    pub fn access_of(&self, origin: &str) -> OriginAccess {
        match self.allowed_origins.iter().any(|allowed| allowed.allows(origin)) {
            false => OriginAccess::Denied,
            true if self.session.cookie() => OriginAccess::WithCookies,
            true => OriginAccess::Allowed,
        }
    }
}

/// How its mails look and go out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmailConfig {
    /// From which address, once its domain is verified.
    pub from_email: Option<String>,
    /// In whose name.
    pub from_name: Option<String>,
    /// Where replies go.
    pub reply_to: Option<String>,
    /// The subject.
    pub subject_template: Option<String>,
    /// The part in HTML.
    pub html_template: Option<String>,
    /// The part in plain text.
    pub text_template: Option<String>,
    /// What templates may name.
    pub variables: Variables,
    /// Its own way out, instead of the server's.
    pub provider: Option<Provider>,
    /// Whether the subject holds the code.
    pub code_in_subject: Option<bool>,
}

/// What templates may name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Variables {
    /// The application, instead of the tenant's name.
    pub app_name: Option<String>,
    /// `#rrggbb`.
    pub brand_color: Option<String>,
    /// The last line.
    pub footer_text: Option<String>,
    /// Where to get help, by https.
    pub support_url: Option<String>,
    /// A picture, by https.
    pub logo_url: Option<String>,
}

/// Which kind of mail provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// resend.com
    Resend,
    /// sendgrid.com
    Sendgrid,
    /// Amazon SES, version 2
    Ses,
    /// A mail server
    Smtp,
}

/// A mail provider of the tenant's own. What opens it is sealed, and never read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Which.
    pub kind: ProviderKind,
    /// `apiKey`, `username`, `password`, `region`, `host` and `port`, as far as they were set.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Whether the server's own providers take over when it fails.
    #[serde(default)]
    pub fallback: Option<bool>,
}

/// What codes are like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OtpConfig {
    /// Digits.
    pub length: Option<u8>,
    /// How long they live.
    pub ttl_seconds: Option<u32>,
    /// Attempts each lane of a challenge has.
    pub max_attempts: Option<u8>,
    /// The code of every challenge in test mode.
    pub test_code: Option<String>,
}

impl OtpConfig {
    /// Digits of a code.
    pub fn length(&self) -> u8 {
        self.length.unwrap_or(code::DEFAULT_LENGTH)
    }

    /// How long a code lives.
    pub fn ttl(&self) -> Duration {
        self.ttl_seconds.map_or(DEFAULT_TTL, |seconds| Duration::from_secs(seconds.into()))
    }

    /// Attempts each lane of a challenge has.
    pub fn max_attempts(&self) -> u8 {
        self.max_attempts.unwrap_or(DEFAULT_ATTEMPTS)
    }
}

/// Limits of a tenant's own, within its plan's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RateLimits {
    /// Codes for one address within an hour.
    pub otp_requests_per_hour: Option<u32>,
    /// Codes a UTC day.
    pub otp_requests_per_day: Option<u32>,
    /// Codes a UTC month.
    pub otp_requests_per_month: Option<u32>,
    /// Users.
    pub max_users: Option<u32>,
    /// Codes asked for from one client address within an hour.
    pub per_client_per_hour: Option<u32>,
    /// Wrong codes from one client address within an hour.
    pub per_client_wrong_per_hour: Option<u32>,
}

impl RateLimits {
    /// Codes asked for from one client address within an hour.
    pub fn per_client(&self) -> u32 {
        self.per_client_per_hour.unwrap_or(300)
    }

    /// Wrong codes from one client address within an hour.
    pub fn wrong_per_client(&self) -> u32 {
        self.per_client_wrong_per_hour.unwrap_or(60)
    }
}

/// The longest an access token may be told to live, in seconds.
pub const LONGEST_ACCESS: u32 = 86_400;

/// What tokens are like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenConfig {
    /// How they are signed.
    pub algorithm: Option<Algorithm>,
    /// How long access tokens live.
    pub access_ttl_seconds: Option<u32>,
    /// How long a session lives that nobody refreshes.
    pub refresh_idle_seconds: Option<u32>,
    /// How long any session lives.
    pub refresh_absolute_seconds: Option<u32>,
    /// For whom they are, instead of the tenant's id.
    pub audience: Option<String>,
}

/// With which calls of other sites a browser sends a cookie (RFC 6265bis, section 5.6.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// With none but navigation.
    #[default]
    Lax,
    /// With none.
    Strict,
    /// With all.
    None,
}

/// How pages hold sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionConfig {
    /// Whether by a cookie, in place of tokens.
    pub cookie: Option<bool>,
    /// Which calls of other sites carry it.
    pub same_site: Option<SameSite>,
}

impl SessionConfig {
    /// Whether pages hold sessions by a cookie, in place of tokens.
    pub fn cookie(&self) -> bool {
        self.cookie.unwrap_or_default()
    }

    /// Which calls of other sites carry the cookie.
    pub fn same_site(&self) -> SameSite {
        self.same_site.unwrap_or_default()
    }
}

impl TokenConfig {
    /// How tokens are signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or_default()
    }

    /// How long sessions and their tokens live.
    pub fn lifetimes(&self) -> Lifetimes {
        let or = |seconds: Option<u32>, default| seconds.map_or(default, |seconds| Duration::from_secs(seconds.into()));
        let default = Lifetimes::default();
        Lifetimes {
            access: or(self.access_ttl_seconds, default.access),
            idle: or(self.refresh_idle_seconds, default.idle),
            absolute: or(self.refresh_absolute_seconds, default.absolute),
        }
    }
}
