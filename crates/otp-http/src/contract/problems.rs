//! Error answers as schemas: one for each code, so that a client tells them apart by it.

use utoipa::PartialSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::scalar::{Count, RuleName, Time, one_of, text, whole};
use crate::problem::{Flaw, ProblemCode};

/// The name of the schema of `code`.
pub(super) fn name(code: ProblemCode) -> String {
    format!("{code:?}Problem")
}

/// What refers to it.
pub(super) fn reference(code: ProblemCode) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name(code)))
}

/// The schema of `code`.
pub(super) fn schema(code: ProblemCode) -> RefOr<Schema> {
    let always = ObjectBuilder::new()
        .description(Some(format!("{} {}", code.detail(), code.remedy())))
        .property("success", ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false])))
        .property("type", text().description(Some("Where this code is documented.")))
        .property("title", one_of([code.title()]))
        .property("status", ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([code.status().as_u16()])))
        .property("detail", text())
        .property("code", one_of([code.as_str()]))
        .property("requestId", text().description(Some("Names the call, in the header `X-Request-Id` too.")));
    let names = ["success", "type", "title", "status", "detail", "code", "requestId"];
    let always = names.into_iter().fold(always, ObjectBuilder::required);
    extras(code).into_iter().fold(always, |schema, (name, extra)| schema.property(name, extra).required(name)).into()
}

/// What it carries besides.
fn extras(code: ProblemCode) -> Vec<(&'static str, RefOr<Schema>)> {
    if code == ProblemCode::InvalidRequest {
        vec![("errors", ArrayBuilder::new().items(error()).into())]
    } else if code == ProblemCode::OtpInvalid {
        vec![("remainingAttempts", whole(0, 9).into())]
    } else if code == ProblemCode::RateLimited {
        vec![
            ("rule", RuleName::schema()),
            ("limit", Count::schema()),
            ("windowSeconds", Count::schema()),
            ("resetAt", Time::schema()),
        ]
    } else if code == ProblemCode::QuotaExceeded {
        vec![
            ("reason", one_of(["daily_quota_exceeded", "monthly_quota_exceeded"]).into()),
            ("quota", Count::schema()),
            ("usage", Count::schema()),
        ]
    } else {
        Vec::new()
    }
}

/// One fault of a request.
fn error() -> ObjectBuilder {
    let pointer = "A JSON pointer (RFC 6901) into the body; of a query parameter, `/` and its name.";
    ObjectBuilder::new()
        .property("pointer", text().description(Some(pointer)))
        .property("code", one_of(Flaw::ALL.iter().map(|flaw| flaw.code())))
        .property("message", text().description(Some("How to fix it.")))
        .required("pointer")
        .required("code")
        .required("message")
}
