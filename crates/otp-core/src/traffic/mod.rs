//! Traffic: calls, how long they took, and what went wrong, counted in the memory of each process.
//!
//! A call that changes nothing is worth no write of its own. So it is noted in a [`Meter`], and what has been noted is
//! written down [together](crate::deployment::Deployment::write_traffic), every second. A process that is killed loses that second.

mod bucket;
mod meter;

pub use bucket::Bucket;
pub use meter::{CallMade, Meter, Wrong};

use serde::{Deserialize, Serialize};

/// How many of the last failures of each category are kept one by one.
pub const RECENT: usize = 100;

/// What kind of trouble a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// What was asked could not be understood, or was not there.
    Validation,
    /// Who asked may not, or his code or token was not right.
    Authentication,
    /// A limit refused.
    RateLimit,
    /// The plan allows no more.
    Quota,
    /// A mail was given up.
    EmailDelivery,
    /// An event was not delivered.
    WebhookDelivery,
    /// The service failed.
    Internal,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Validation,
        Self::Authentication,
        Self::RateLimit,
        Self::Quota,
        Self::EmailDelivery,
        Self::WebhookDelivery,
        Self::Internal,
    ];

    /// As it is written in rows and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Authentication => "authentication",
            Self::RateLimit => "rate_limit",
            Self::Quota => "quota",
            Self::EmailDelivery => "email_delivery",
            Self::WebhookDelivery => "webhook_delivery",
            Self::Internal => "internal",
        }
    }
}

/// There is no category of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no category of that name")]
pub struct UnknownCategory;

impl std::str::FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(name: &str) -> Result<Self, UnknownCategory> {
        Self::ALL.into_iter().find(|category| category.as_str() == name).ok_or(UnknownCategory)
    }
}
