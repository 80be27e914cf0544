//! What can be wrong with one member, parameter or header: the entries of `errors` in `invalid_request`.

use std::borrow::Cow;

use otp_core::config::{ConfigFlaw, Flawed};
use serde::Serialize;

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)+) => {
        /// What is wrong with one value. A closed set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Flaw {
            $($(#[$doc])* $name,)+
        }

        impl Flaw {
            /// Every flaw there is.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it is written in answers.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// How to mend it.
            pub(crate) const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),+ }
            }
        }
    };
}

flaws! {
    /// Something must be there and is not.
    Required = "required", "Required, but missing.";
    /// The value is of another JSON type.
    InvalidType = "invalid_type", "Of the wrong JSON type; leave it out rather than send null.";
    /// No member of that name is known.
    UnknownMember = "unknown_member", "There is no member of this name here.";
    /// The member is there twice.
    DuplicateMember = "duplicate_member", "This member is there more than once.";
    /// No query parameter of that name is known.
    UnknownParameter = "unknown_parameter", "This path takes no query parameter of this name.";
    /// The query parameter is there twice.
    DuplicateParameter = "duplicate_parameter", "This query parameter is there more than once.";
    /// Not one deliverable address.
    InvalidEmail = "invalid_email", "Not an email address: write one address of the form name@example.org.";
    /// Not a purpose.
    InvalidPurpose = "invalid_purpose", "A purpose is 1 to 32 characters of a-z, 0-9 and -.";
    /// Not a language tag.
    InvalidLocale = "invalid_locale", "Not a language tag such as `de` or `es-MX` (RFC 5646).";
    /// Not an IP address.
    InvalidIp = "invalid_ip", "Not an IPv4 or IPv6 address.";
    /// Empty.
    Empty = "empty", "Must not be empty.";
    /// Longer than it may be.
    TooLong = "too_long", "Longer than allowed here.";
    /// Holds a control character.
    ControlCharacter = "control_character", "Must not hold control characters.";
    /// Two things of which one is wanted.
    OnlyOne = "only_one", "Send exactly one of `refreshToken` and `token`.";
    /// A code, or what takes its place, and not both.
    CodeOrToken = "code_or_token", "Send either `email` and `code`, or `token` alone.";
    /// No plan of that name.
    UnknownPlan = "unknown_plan", "There is no plan of this name.";
    /// Not a status.
    InvalidStatus = "invalid_status", "One of `active`, `suspended`, `cancelled`.";
    /// Not a page size.
    InvalidLimit = "invalid_limit", "A whole number from 1 to 100.";
    /// Not a cursor of ours.
    InvalidCursor = "invalid_cursor", "Not a `nextCursor` of an earlier answer.";
    /// A number out of bounds.
    OutOfRange = "out_of_range", "Outside of what is allowed here.";
    /// More than the plan allows.
    AbovePlan = "above_plan", "More than the plan allows.";
    /// None of a few.
    InvalidChoice = "invalid_choice", "None of the values there are.";
    /// Too many entries.
    TooMany = "too_many", "More entries than allowed here.";
    /// Not an origin.
    InvalidOrigin = "invalid_origin",
        "Not an origin such as `https://app.example.com`, or `https://*.example.com` for all below it.";
    /// Not a network.
    InvalidNetwork = "invalid_network", "Not an IP address or a network such as `192.0.2.0/24`.";
    /// Blocks nothing.
    InvalidBlocked = "invalid_blocked", "Neither an email address nor `@domain`.";
    /// Not a colour.
    InvalidColor = "invalid_color", "Not a colour such as `#1a2b3c`.";
    /// Not an address to link to.
    InvalidUrl = "invalid_url", "Not an address that begins with `https://`.";
    /// Not as long as codes are.
    InvalidTestCode = "invalid_test_code", "Not as many digits as `otp.length` says.";
    /// An end that comes after the last one.
    IdleAboveAbsolute = "idle_above_absolute", "More than `refreshAbsoluteSeconds`.";
    /// Not a point in time to come.
    InvalidTime = "invalid_time", "Not a time to come, as RFC 3339 writes it: `2030-01-31T12:00:00Z`.";
    /// Not a date.
    InvalidDate = "invalid_date", "Neither a date such as `2026-01-31` nor a time as RFC 3339 writes it.";
    /// A range that goes backwards.
    ReversedRange = "reversed_range", "Before `startDate`.";
    /// A range that is too long.
    RangeTooLong = "range_too_long",
        "A range has at most 31 days by the hour, 400 days by the day, and ten years by the month.";
    /// Said by who may not say it.
    ContextNotAllowed = "context_not_allowed", "Only a secret key may tell of the end user; leave it out.";
    /// Not an idempotency key.
    InvalidIdempotencyKey = "invalid_idempotency_key",
        "The header `Idempotency-Key` is sent once, with 1 to 255 visible ASCII characters.";
}

/// Most faults told of one call: whoever sends a thousand learns from the first hundred.
pub(crate) const MAX_ERRORS: usize = 100;
/// Longest pointer told, and longest name in one, in characters. Names come from callers, and are as long as they like.
const MAX_POINTER: usize = 200;

/// As much of `text` as is told of a pointer.
pub(crate) fn shortened(text: &str) -> &str {
    text.char_indices().nth(MAX_POINTER).map_or(text, |(end, _)| &text[..end])
}

/// One entry of `errors`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body; of a query parameter, `/` and its name. A very long one is cut.
    pub(crate) pointer: String,
    code: &'static str,
    message: Cow<'static, str>,
}

impl FieldError {
    /// `flaw` at `pointer`.
    pub(crate) fn new(pointer: impl Into<String>, flaw: Flaw) -> Self {
        let mut pointer = pointer.into();
        pointer.truncate(shortened(&pointer).len());
        pointer.shrink_to_fit();
        Self { pointer, code: flaw.code(), message: flaw.message().into() }
    }

    /// What the domain found wrong with a configuration, to which `at` points in the body.
    pub(crate) fn of_config(at: &str, Flawed { pointer, flaw }: Flawed) -> Self {
        let message = flaw.to_string().into();
        Self { message, ..Self::new(format!("{at}{pointer}"), Flaw::from(flaw)) }
    }
}

impl From<ConfigFlaw> for Flaw {
    fn from(flaw: ConfigFlaw) -> Self {
        match flaw {
            ConfigFlaw::UnknownMember => Self::UnknownMember,
            ConfigFlaw::WrongType(_) => Self::InvalidType,
            ConfigFlaw::OutOfRange { .. } => Self::OutOfRange,
            ConfigFlaw::AbovePlan { .. } => Self::AbovePlan,
            ConfigFlaw::NoChoice(_) => Self::InvalidChoice,
            ConfigFlaw::Empty => Self::Empty,
            ConfigFlaw::TooLong(_) => Self::TooLong,
            ConfigFlaw::ControlCharacter => Self::ControlCharacter,
            ConfigFlaw::TooMany(_) => Self::TooMany,
            ConfigFlaw::InvalidEmail => Self::InvalidEmail,
            ConfigFlaw::InvalidLocale => Self::InvalidLocale,
            ConfigFlaw::InvalidOrigin => Self::InvalidOrigin,
            ConfigFlaw::InvalidNetwork => Self::InvalidNetwork,
            ConfigFlaw::InvalidBlocked => Self::InvalidBlocked,
            ConfigFlaw::InvalidColor => Self::InvalidColor,
            ConfigFlaw::InvalidUrl => Self::InvalidUrl,
            ConfigFlaw::InvalidTestCode(_) => Self::InvalidTestCode,
            ConfigFlaw::IdleAboveAbsolute => Self::IdleAboveAbsolute,
            ConfigFlaw::Missing => Self::Required,
        }
    }
}
