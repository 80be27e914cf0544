//! The OpenAPI document of the routes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    AllOfBuilder, Components, Discriminator, Object, ObjectBuilder, OneOfBuilder, Schema, Type,
};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Responses,
    ServerBuilder,
};

use super::operation::{Header, Plain};
use super::route::{Method, Path, Routes};
use super::scalar::{Count, CustomerId, EntityTag, KeyId, SessionId, UserId, one_of, text, whole};
use super::{examples, problems};
use crate::call::Credential;
use crate::docs::guides;
use crate::problem::{Problem, ProblemCode};

/// What the document says before it lists anything.
const INTRODUCTION: &str = include_str!("introduction.md");

/// How any call may come to nothing.
const OF_EVERY_CALL: [ProblemCode; 3] = [ProblemCode::HostNotAllowed, ProblemCode::Internal, ProblemCode::Unavailable];

/// The type of every error answer (RFC 9457).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What `routes` promise, to who reaches them at `public_url`.
pub(crate) fn document(routes: &Routes, public_url: &str) -> OpenApi {
    let mut components = Components::new();
    for code in ProblemCode::ALL {
        components.schemas.insert(problems::name(*code), problems::schema(*code));
        let example = ExampleBuilder::new().summary(code.title()).value(Some(Problem::example(*code, public_url)));
        components.examples.insert(code.as_str().to_owned(), RefOr::T(example.build()));
    }
    for credential in Credential::ALL {
        components.security_schemes.insert(credential.name().to_owned(), RefOr::T(scheme(credential)));
    }
    let mut paths = Paths::new();
    for path in &routes.paths {
        let group = routes.groups.get(path.group).map_or("", |group| group.name);
        let methods = path.methods.iter();
        let item = methods.map(|method| {
            let operation = operation(method, path, group, &mut components);
            PathItem::new(method.verb.clone(), operation)
        });
        let item = item.reduce(|mut all, one| {
            all.merge_operations(one);
            all
        });
        paths.paths.extend(item.map(|item| (path.template.to_owned(), item)));
    }
    flatten(&mut components);
    let tags = routes.groups.iter().map(|group| {
        utoipa::openapi::tag::TagBuilder::new().name(group.name).description(Some(group.description)).build()
    });
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("OTP")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .license(Some(license));
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([ServerBuilder::new().url(public_url).build()]))
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags.collect::<Vec<_>>()))
        .build()
}

fn operation(method: &Method, path: &Path, group: &str, components: &mut Components) -> OperationBuilder {
    let told = method.operation;
    let example = examples::of(told.id);
    let mut operation = OperationBuilder::new()
        .tag(group)
        .operation_id(Some(told.id))
        .summary(Some(told.summary))
        .description(Some(told.description))
        .securities(Some(requirements(method.credentials, method.is_credential_needed)));
    for name in parameters_of(path.template) {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        let example = example.and_then(|example| in_path(path.template, &example.path, name));
        let (schema, description) = place(name);
        let parameter = parameter.schema(Some(schema)).description(description);
        operation = operation.parameter(parameter.example(example).build());
    }
    for parameter in &method.shape.parameters {
        operation = operation.parameter(parameter.clone());
    }
    if let Some(body) = &method.shape.body {
        let content = ContentBuilder::new().schema(Some(body.members.clone()));
        let content = content.example(example.and_then(|example| example.body.clone()));
        let required = if body.is_optional { Required::False } else { Required::True };
        let request = RequestBodyBuilder::new().content(body.media, content.build()).required(Some(required));
        operation = operation.request_body(Some(request.build()));
    }
    operation.responses(responses(method, path, components))
}

fn responses(method: &Method, path: &Path, components: &mut Components) -> Responses {
    let told = method.operation;
    let mut responses = Responses::new();
    let mut plains: BTreeMap<u16, ResponseBuilder> = BTreeMap::new();
    for plain in told.answers.iter().flatten() {
        let response =
            plains.remove(&plain.status).unwrap_or_else(|| ResponseBuilder::new().description(plain.description));
        let response = response.content(plain.media, content(plain, told.id, components).build());
        plains.insert(plain.status, response);
    }
    for (status, mut response) in plains {
        for header in told.headers {
            for (name, header) in headers(*header) {
                response = response.header(name, header.build());
            }
        }
        responses.responses.insert(status.to_string(), RefOr::T(response.header("X-Request-Id", request_id()).build()));
    }
    for (status, codes) in by_status(method, path) {
        let mut response = refusal(&codes);
        // Who is refused by a limit learns how limits stand; a cookie that will never be good again is taken back.
        let is_told = |also: &Header| told.headers.contains(also);
        let also = match status {
            429 => [Some(Header::Rates), Some(Header::Quotas).filter(is_told)],
            401 => [Some(Header::SetCookie).filter(is_told), None],
            _ => [None, None],
        };
        for (name, header) in also.into_iter().flatten().flat_map(headers) {
            response = response.header(name, header.build());
        }
        // Where a status is both, each is told by its type.
        match responses.responses.get_mut(&status.to_string()) {
            Some(RefOr::T(there)) => {
                let refused = response.build();
                there.content.extend(refused.content);
                there.headers.extend(refused.headers);
            }
            Some(RefOr::Ref(_)) | None => {
                responses.responses.insert(status.to_string(), RefOr::T(response.build()));
            }
        }
    }
    responses
}

/// How `method` may be refused, by status.
fn by_status(method: &Method, path: &Path) -> BTreeMap<u16, BTreeSet<ProblemCode>> {
    let not_there = path.template.contains('{').then_some(ProblemCode::NotFound);
    let own = method.operation.refusals.iter().chain(&method.refusals);
    let mut by_status: BTreeMap<u16, BTreeSet<ProblemCode>> = BTreeMap::new();
    for code in own.copied().chain(not_there).chain(OF_EVERY_CALL) {
        by_status.entry(code.status().as_u16()).or_default().insert(code);
    }
    by_status
}

/// The error answer that carries one of `codes`.
fn refusal(codes: &BTreeSet<ProblemCode>) -> ResponseBuilder {
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let titles: Vec<&str> = codes.iter().map(|code| code.title()).collect();
    let mut schemas = codes.iter().map(|code| problems::reference(*code));
    let schema = match (schemas.next(), codes.len()) {
        (Some(only), 1) => only,
        (Some(first), _) => {
            let mapping =
                codes.iter().map(|code| (code.as_str(), format!("#/components/schemas/{}", problems::name(*code))));
            let any = schemas.fold(OneOfBuilder::new().item(first), OneOfBuilder::item);
            RefOr::T(any.discriminator(Some(Discriminator::with_mapping("code", mapping))).into())
        }
        (None, _) => RefOr::T(Schema::default()),
    };
    let example = |code: &ProblemCode| RefOr::Ref(Ref::new(format!("#/components/examples/{}", code.as_str())));
    let examples = codes.iter().map(|code| (code.as_str(), example(code)));
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
    let mut response = ResponseBuilder::new()
        .description(format!("{}: {}.", names.join(", "), titles.join("; ")))
        .content(PROBLEM_JSON, content)
        .header("X-Request-Id", request_id());
    let status = codes.first().map(|code| code.status().as_u16());
    if status == Some(401) {
        let challenge = HeaderBuilder::new().schema(Some(text())).description(Some("RFC 9110, section 11.6.1."));
        response = response.header("WWW-Authenticate", challenge.build());
    }
    if matches!(status, Some(429 | 503)) {
        let wait =
            HeaderBuilder::new().schema(Some(Count::schema())).description(Some("In how many seconds to come back."));
        response = response.header("Retry-After", wait.build());
    }
    response
}

/// What an answer carries; the schemas it refers to go into `components`.
fn content(plain: &Plain, id: &str, components: &mut Components) -> ContentBuilder {
    let Some(described) = &plain.schema else { return ContentBuilder::new().schema(Some(text())) };
    let mut refers_to = Vec::new();
    (described.refers_to)(&mut refers_to);
    components.schemas.extend(refers_to);
    let name = (described.name)();
    let schema = (described.schema)();
    components.schemas.insert(name.clone(), if plain.says_so { saying_so(schema) } else { schema });
    let example = examples::of(id).filter(|example| example.status == plain.status);
    let schema = Ref::from_schema_name(name);
    ContentBuilder::new().schema(Some(schema)).example(example.and_then(|example| example.answer.clone()))
}

/// `schema` with the member `success`.
fn saying_so(schema: RefOr<Schema>) -> RefOr<Schema> {
    let success = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]));
    let says_so = ObjectBuilder::new().property("success", success).required("success");
    let all = match schema {
        RefOr::T(Schema::AllOf(all)) => all.items,
        one @ (RefOr::T(_) | RefOr::Ref(_)) => vec![one],
    };
    let all = all.into_iter().fold(AllOfBuilder::new().item(says_so), AllOfBuilder::item);
    RefOr::T(all.build().into())
}

/// Makes one object of each schema that is put together of several: generated clients then know one type and not three.
fn flatten(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for name in names {
        if let Some(RefOr::T(Schema::AllOf(all))) = components.schemas.get(&name) {
            let whole =
                all.items.iter().fold(ObjectBuilder::new().build(), |whole, part| joined(whole, part, components));
            components.schemas.insert(name, RefOr::T(whole.into()));
        }
    }
}

/// `whole` with the members of `part`, as far as that is an object.
fn joined(mut whole: Object, part: &RefOr<Schema>, components: &Components) -> Object {
    match part {
        RefOr::T(Schema::Object(part)) => {
            whole.properties.extend(part.properties.clone());
            let required = part.required.iter().filter(|name| !whole.required.contains(name)).cloned();
            whole.required.extend(required.collect::<Vec<_>>());
            whole.description = whole.description.or_else(|| part.description.clone());
            whole
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter().fold(whole, |whole, part| joined(whole, part, components)),
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            match components.schemas.get(name) {
                Some(part) => joined(whole, part, components),
                None => whole,
            }
        }
        RefOr::T(_) => whole,
    }
}

fn headers(header: Header) -> Vec<(&'static str, HeaderBuilder)> {
    let told = |description: &str| HeaderBuilder::new().schema(Some(text())).description(Some(description));
    let count = |description: &str| HeaderBuilder::new().schema(Some(Count::schema())).description(Some(description));
    match header {
        Header::ETag => vec![(
            "ETag",
            HeaderBuilder::new().schema(Some(EntityTag::schema())).description(Some("The version, for `If-Match`.")),
        )],
        Header::Rates => vec![
            ("RateLimit-Policy", told("The limits: draft-ietf-httpapi-ratelimit-headers-10.")),
            ("RateLimit", told("How they stand, by the same draft.")),
            ("X-RateLimit-Limit", count("Of the rate with least remaining: how many it allows.")),
            ("X-RateLimit-Remaining", count("How many are left.")),
            ("X-RateLimit-Reset", count("In how many seconds the next comes back.")),
        ],
        Header::Quotas => vec![
            ("X-Quota-Limit", count("Of the quota with least remaining: how many it holds.")),
            ("X-Quota-Remaining", count("How many are left.")),
            ("X-Quota-Reset", count("In how many seconds it begins anew.")),
        ],
        Header::SetCookie => vec![("Set-Cookie", told("The session, where the customer's pages keep it in a cookie."))],
        Header::Attachment => vec![("Content-Disposition", told("Names the file."))],
        Header::Replayed => {
            vec![("Idempotency-Replayed", told("`true` where the call was made before and is answered alike."))]
        }
        Header::Kept => vec![("Cache-Control", told("For how long it may be kept."))],
    }
}

fn request_id() -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(text()))
        .description(Some("Names the call, as its caller did or by a fresh name."))
        .build()
}

/// Any one of `credentials`; or none at all, where none is needed.
fn requirements(credentials: &[Credential], is_one_needed: bool) -> Vec<SecurityRequirement> {
    let none = (!is_one_needed).then(SecurityRequirement::default);
    let one = |credential: &Credential| SecurityRequirement::new::<_, [&str; 0], &str>(credential.name(), []);
    none.into_iter().chain(credentials.iter().map(one)).collect()
}

fn scheme(credential: Credential) -> SecurityScheme {
    let key = |description: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-OTP-API-Key", description)))
    };
    match credential {
        Credential::SecretKey => key(
            "A secret key of a customer, `otp_live_sk_…` or, in test mode, `otp_test_sk_…`. It may come as `Authorization: Bearer`, too. Never from a browser.",
        ),
        Credential::PublishableKey => {
            key("A publishable key, `otp_live_pk_…` or `otp_test_pk_…`, from a page of an origin its customer allows.")
        }
        Credential::OperatorKey => key("A key of whoever runs the service, `otp_live_op_…`."),
        Credential::UserToken => SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("The `token` of a user."))
                .build(),
        ),
        Credential::SessionCookie => SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "__Host-otp_{customerId}",
            "The session's cookie. A POST that rests on it needs the header `X-CSRF-Token`.",
        ))),
    }
}

/// The names in braces.
fn parameters_of(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// What may stand for `name` in a path, and what it names.
fn place(name: &str) -> (RefOr<Schema>, Option<&'static str>) {
    let (schema, description) = match name {
        "customerId" => (CustomerId::schema(), "The customer."),
        "keyId" => (KeyId::schema(), "The API key, which is not the key itself."),
        "userId" => (UserId::schema(), "The user."),
        "sessionId" => (SessionId::schema(), "The session."),
        "number" => (whole(1, u32::MAX as usize).into(), "The number of the version."),
        "guide" => (one_of(guides()).into(), "The name of the guide."),
        _ => return (text().into(), None),
    };
    (schema, Some(description))
}

/// What stands for `name` in `path`.
fn in_path(template: &str, path: &str, name: &str) -> Option<Value> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let mut segments = template.split('/').zip(path.split('/'));
    segments.find(|(segment, _)| segment.trim_matches(['{', '}']) == name).map(|(_, value)| json!(value))
}
