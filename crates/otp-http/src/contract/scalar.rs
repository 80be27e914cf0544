//! The values that members and parameters have, as schemas. What the domain enumerates is enumerated from it.

use std::borrow::Cow;

use otp_core::analytics::Span;
use otp_core::audit::AuditEvent;
use otp_core::limit::Rule;
use otp_core::traffic::Category;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::call::MAX_USER_AGENT;

/// Types that exist to be told of, each with what it is and its schema.
macro_rules! scalars {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let schema: ObjectBuilder = $schema;
                schema.description(Some(concat!($($doc),+).trim())).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

scalars! {
    /// A customer.
    CustomerId = id("cust_", "cust_0000000000000000000001");
    /// An API key, which is not the key itself.
    KeyId = id("key_", "key_3yHg1lqK9bTz0WmXc5VdRn");
    /// A code that was asked for, which is not the code itself.
    ChallengeId = id("chl_", "chl_3yHg1lqK9bTz0WmXc5VdRn");
    /// A user.
    UserId = id("user_", "user_3yHg1lqK9bTz0WmXc5VdRn");
    /// A session.
    SessionId = id("sess_", "sess_3yHg1lqK9bTz0WmXc5VdRn");
    /// An entry of the audit trail.
    AuditId = id("aud_", "aud_3yHg1lqK9bTz0WmXc5VdRn");
    /// A point in time: RFC 3339, in UTC, with milliseconds.
    Time = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// A point in time to come, as RFC 3339 writes it.
    TimeToCome = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// A date such as `2026-01-31`, or a point in time as RFC 3339 writes it.
    DateOrTime = text().examples(["2026-01-31"]);
    /// An email address. It is trimmed and lower-cased; its domain may be international.
    Email = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Email))).max_length(Some(254)).examples(["ada@example.org"]);
    /// A code as a person types it: spaces and dashes between the digits do no harm, and they may be of any script.
    TypedCode = text().examples(["492 039 157"]);
    /// What a code is for. Codes of one purpose are none of another.
    PurposeName = text().pattern(Some("^[a-z0-9-]{1,32}$")).examples(["sign-in"]);
    /// A language tag (RFC 5646). Mail is written in English, German, French and Spanish.
    LanguageTag = text().min_length(Some(2)).max_length(Some(35)).examples(["de"]);
    /// One of the languages mail is written in.
    Language = one_of(["en", "de", "fr", "es"]);
    /// An IPv4 or IPv6 address.
    Ip = text().examples(["192.0.2.7"]);
    /// An IP address, or a network such as `192.0.2.0/24`.
    Network = text().examples(["192.0.2.0/24"]);
    /// A name of up to 100 characters, none of them a control character.
    Name = text().min_length(Some(1)).max_length(Some(100)).pattern(Some(NOT_BLANK));
    /// Up to 500 characters, none of them a control character.
    Reason = text().max_length(Some(500)).pattern(Some(PLAIN));
    /// Up to 254 characters, none of them a control character.
    SearchText = text().max_length(Some(254)).pattern(Some(PLAIN));
    /// Up to 512 characters, none of them a control character.
    UserAgentText = text().max_length(Some(MAX_USER_AGENT)).pattern(Some(PLAIN));
    /// Any text.
    AnyText = text();
    /// Any text of up to 200 characters. One that names no live challenge is no error.
    ChallengeText = text().max_length(Some(200));
    /// 1 to 255 visible ASCII characters, best a random UUID.
    IdempotencyKeyText = text().pattern(Some("^[!-~]{1,255}$")).examples(["7f9d3c52-0b5e-4f6b-8f0a-2b8c8a3f1e11"]);
    /// An entity tag of an earlier answer, or `*`.
    EntityTag = text().examples(["\"3\""]);
    /// `nextCursor` of an earlier answer.
    Cursor = text();
    /// A whole number from 1 to 100.
    Limit = whole(1, 100).default(Some(50.into()));
    /// Seconds, up to seven days.
    Grace = whole(0, 604_800).default(Some(604_800.into()));
    /// How many of something there are.
    Count = whole_from(0);
    /// What a plan bounds, unless it is null.
    Bound = whole(0, u32::MAX as usize);
    /// The status of a customer.
    CustomerStatus = one_of(["active", "suspended", "cancelled"]);
    /// What a key is for: a server, or pages, where anybody can read it.
    Kind = one_of(["secret", "publishable"]);
    /// One of the two worlds of a customer, which have nothing in common.
    World = one_of(["live", "test"]);
    /// Whether a key works.
    KeyState = one_of(["active", "rotating", "expired", "revoked"]);
    /// How tokens are signed.
    SigningAlgorithm = one_of(["HS256", "ES256", "EdDSA"]);
    /// The attribute `SameSite` of the session's cookie.
    SameSiteName = one_of(["lax", "strict", "none"]);
    /// Who carries mail.
    ProviderName = one_of(["resend", "sendgrid", "ses", "smtp"]);
    /// The length of a span of time.
    Granularity = one_of(Span::ALL.map(Span::as_str));
    /// Why a call failed, roughly.
    FailureCategory = one_of(Category::ALL.map(Category::as_str));
    /// What happened.
    EventType = one_of(AuditEvent::ALL.iter().map(|event| event.as_str()));
    /// The name of a limit.
    RuleName = one_of(RATES.map(Rule::as_str));
    /// How well something is.
    HealthStatus = one_of(["healthy", "degraded", "unhealthy"]);
}

/// The limits a `rate_limited` may name.
const RATES: [Rule; 7] = [
    Rule::EmailHour,
    Rule::EmailDay,
    Rule::ClientHour,
    Rule::ClientWrongHour,
    Rule::Resend,
    Rule::SignupEmail,
    Rule::SignupClient,
];

/// No control character.
const PLAIN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// No control character, and not only blanks.
const NOT_BLANK: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// A text.
pub(crate) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// One of `values`.
pub(super) fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    text().enum_values(Some(values))
}

/// A whole number within bounds.
pub(crate) fn whole(least: usize, most: usize) -> ObjectBuilder {
    whole_from(least).maximum(Some(most))
}

fn whole_from(least: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least))
}

fn id(prefix: &str, example: &'static str) -> ObjectBuilder {
    text().pattern(Some(format!("^{prefix}[0-9A-Za-z]{{22}}$"))).examples([example])
}

/// Up to `MOST` of `T`.
pub(crate) struct Many<T, const MOST: usize>(std::marker::PhantomData<T>);

impl<T: PartialSchema, const MOST: usize> PartialSchema for Many<T, MOST> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema()).max_items(Some(MOST)).into()
    }
}
