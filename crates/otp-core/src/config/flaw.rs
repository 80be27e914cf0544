//! What can be wrong with one member of a configuration.

use crate::plan::Feature;

/// Why a value was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFlaw {
    /// There is no such member.
    #[error("there is no member of this name here")]
    UnknownMember,
    /// It has to be of another type.
    #[error("has to be {0}")]
    WrongType(&'static str),
    /// It has to be within bounds.
    #[error("has to be a whole number from {least} to {most}")]
    OutOfRange {
        /// The least it may be.
        least: u32,
        /// The most it may be.
        most: u32,
    },
    /// The plan allows less.
    #[error("the plan allows up to {most}")]
    AbovePlan {
        /// The most it may be.
        most: u32,
    },
    /// It has to be one of a few.
    #[error("one of {0}")]
    NoChoice(&'static str),
    /// It may not be empty.
    #[error("must not be empty")]
    Empty,
    /// It may not be that long.
    #[error("longer than {0} octets")]
    TooLong(usize),
    /// It may hold no control characters.
    #[error("must not hold control characters")]
    ControlCharacter,
    /// It may hold no more entries.
    #[error("more than {0} entries")]
    TooMany(usize),
    /// It is no address.
    #[error("not an email address")]
    InvalidEmail,
    /// It is no language of ours.
    #[error("one of en, de, fr, es, or a tag that begins with one of them")]
    InvalidLocale,
    /// It is no origin.
    #[error("an origin such as https://app.example.com, or https://*.example.com for all below it")]
    InvalidOrigin,
    /// It is no network.
    #[error("an IP address, or a network such as 192.0.2.0/24")]
    InvalidNetwork,
    /// It blocks nothing.
    #[error("an email address, or @domain")]
    InvalidBlocked,
    /// It is no colour.
    #[error("a colour such as #1a2b3c")]
    InvalidColor,
    /// It is no address of a page that is safe to link to.
    #[error("an address that begins with https://")]
    InvalidUrl,
    /// It is not as long as codes are.
    #[error("has to have {0} digits, as codes have")]
    InvalidTestCode(u8),
    /// A session would outlive itself.
    #[error("must not be more than refreshAbsoluteSeconds")]
    IdleAboveAbsolute,
    /// It takes more to be a provider.
    #[error("missing")]
    Missing,
}

/// A flaw, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flawed {
    /// A JSON pointer into the configuration (RFC 6901).
    pub pointer: String,
    /// What is wrong there.
    pub flaw: ConfigFlaw,
}

impl Flawed {
    pub(super) fn new(pointer: impl Into<String>, flaw: ConfigFlaw) -> Self {
        Self { pointer: pointer.into(), flaw }
    }
}

/// The pointer to `name` in what `parent` points to (RFC 6901, section 3).
pub fn pointer(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A feature the plan lacks, needed for what was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the plan does not include this")]
pub struct NotInPlan(pub Feature);
