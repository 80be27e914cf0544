//! What may be set of a configuration, as a merge patch: every member may be left out, and is set back by `null`.

use utoipa::PartialSchema;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::contract::{Email, LanguageTag, Network, ProviderName, SameSiteName, SigningAlgorithm, closed, text, whole};

/// Longest list, in entries.
const MAX_LIST: usize = 1000;
/// A year, in seconds.
const YEAR: usize = 366 * 24 * 3600;

/// The members of a configuration.
pub(super) struct Config;

impl PartialSchema for Config {
    fn schema() -> RefOr<Schema> {
        closed()
            .property("emailConfig", or_null(email()))
            .property("otp", or_null(otp()))
            .property("rateLimits", or_null(rate_limits()))
            .property("locale", or_null_of::<LanguageTag>())
            .property("allowedOrigins", list(text().examples(["https://app.example.com"])))
            .property("allowedIps", list_of::<Network>())
            .property("blockedEmails", list(text().examples(["@example.org"])))
            .property("tokens", or_null(tokens()))
            .property("session", or_null(session()))
            .into()
    }
}

/// The members of `emailConfig`.
pub(super) fn email() -> ObjectBuilder {
    closed()
        .property("fromEmail", or_null_of::<Email>())
        .property("fromName", line(500))
        .property("replyTo", or_null_of::<Email>())
        .property("subjectTemplate", line(900))
        .property("htmlTemplate", or_null(text().min_length(Some(1)).max_length(Some(64 * 1024))))
        .property("textTemplate", or_null(text().min_length(Some(1)).max_length(Some(64 * 1024))))
        .property("variables", or_null(variables()))
        .property("provider", or_null(provider()))
        .property("codeInSubject", flag())
}

fn variables() -> ObjectBuilder {
    closed()
        .property("appName", line(500))
        .property("brandColor", or_null(text().pattern(Some("^#[0-9a-fA-F]{6}$"))))
        .property("footerText", line(500))
        .property("supportUrl", or_null(text().pattern(Some("^https://")).max_length(Some(500))))
        .property("logoUrl", or_null(text().pattern(Some("^https://")).max_length(Some(500))))
}

fn provider() -> ObjectBuilder {
    let secrets = ["apiKey", "username", "password", "region", "host"];
    let provider = closed().property("kind", ProviderName::schema()).property("fallback", flag());
    secrets
        .into_iter()
        .fold(provider, |provider, name| provider.property(name, line(500)))
        .property("port", or_null(whole(1, 65_535)))
}

fn otp() -> ObjectBuilder {
    closed()
        .property("length", or_null(whole(6, 12)))
        .property("ttlSeconds", or_null(whole(60, 600)))
        .property("maxAttempts", or_null(whole(1, 10)))
        .property("testCode", or_null(text().pattern(Some("^[0-9]{6,12}$"))))
}

fn rate_limits() -> ObjectBuilder {
    let within_plan = ["otpRequestsPerHour", "otpRequestsPerDay", "otpRequestsPerMonth", "maxUsers"];
    let limits = within_plan.into_iter().fold(closed(), |limits, name| {
        limits.property(name, or_null(whole(0, u32::MAX as usize).description(Some("At most what the plan allows."))))
    });
    limits
        .property("perClientPerHour", or_null(whole(1, 100_000)))
        .property("perClientWrongPerHour", or_null(whole(1, 100_000)))
}

fn tokens() -> ObjectBuilder {
    closed()
        .property("algorithm", or_null_of::<SigningAlgorithm>())
        .property("accessTtlSeconds", or_null(whole(300, 86_400)))
        .property("refreshIdleSeconds", or_null(whole(300, YEAR)))
        .property("refreshAbsoluteSeconds", or_null(whole(300, YEAR)))
        .property("audience", line(255))
}

fn session() -> ObjectBuilder {
    closed().property("cookie", flag()).property("sameSite", or_null_of::<SameSiteName>())
}

fn flag() -> ObjectBuilder {
    or_null(ObjectBuilder::new().schema_type(Type::Boolean))
}

/// A line of up to `most` octets.
fn line(most: usize) -> ObjectBuilder {
    or_null(text().min_length(Some(1)).max_length(Some(most)))
}

fn list(items: ObjectBuilder) -> ArrayBuilder {
    nullable_list(items.into())
}

fn list_of<T: PartialSchema>() -> ArrayBuilder {
    nullable_list(T::schema())
}

fn nullable_list(items: RefOr<Schema>) -> ArrayBuilder {
    let types = SchemaType::from_iter([Type::Array, Type::Null]);
    ArrayBuilder::new().schema_type(types).items(items).max_items(Some(MAX_LIST))
}

fn or_null_of<T: PartialSchema>() -> RefOr<Schema> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => or_null(object.into()).into(),
        other @ (RefOr::T(_) | RefOr::Ref(_)) => other,
    }
}

/// `schema`, or null.
fn or_null(schema: ObjectBuilder) -> ObjectBuilder {
    let mut object: Object = schema.build();
    let types = match object.schema_type {
        SchemaType::Type(of) => vec![of, Type::Null],
        SchemaType::Array(of) => of.into_iter().chain([Type::Null]).collect(),
        SchemaType::AnyValue => vec![Type::Null],
    };
    object.schema_type = SchemaType::from_iter(types);
    if let Some(values) = &mut object.enum_values {
        values.push(serde_json::Value::Null);
    }
    object.into()
}
