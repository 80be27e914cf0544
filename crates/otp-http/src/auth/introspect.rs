//! `POST /auth/introspect` (RFC 7662)

use std::borrow::Cow;

use axum::Json;
use axum::response::IntoResponse;
use otp_core::challenge::Purpose;
use otp_core::id::{SessionId, TenantId, UserId};
use otp_core::sessions::{Authenticated, SessionError};
use otp_core::token::Claims;
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::app::App;
use crate::call::{Call, Form, Input, ServerCall};
use crate::contract::{self, AnyText, Operation, Shape};
use crate::reply::Answer;

pub(crate) struct Introspect {
    token: String,
}

impl Input for Introspect {
    fn tell(shape: &mut Shape) {
        shape.required::<AnyText>("token", "What may be a token.");
    }

    fn read(form: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self { token: form.body.required("token", |text| Ok(text.to_owned()))? })
    }
}

/// A token that is alive, to its own customer.
#[derive(Serialize, ToSchema)]
#[schema(as = LiveToken)]
struct Alive {
    #[schema(value_type = Always<true>)]
    active: bool,
    #[schema(value_type = contract::UserId)]
    sub: UserId,
    #[schema(value_type = contract::SessionId)]
    sid: SessionId,
    email: String,
    iss: String,
    aud: String,
    #[schema(value_type = contract::CustomerId)]
    client_id: TenantId,
    token_type: &'static str,
    iat: i64,
    nbf: i64,
    exp: i64,
    auth_time: i64,
    jti: String,
    #[schema(value_type = contract::PurposeName)]
    purpose: Purpose,
}

/// Any other text: nobody learns what it is.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadToken)]
struct Dead {
    #[schema(value_type = Always<false>)]
    active: bool,
}

/// One of the two truths.
struct Always<const TRUTH: bool>;

impl<const TRUTH: bool> PartialSchema for Always<TRUTH> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([TRUTH])).into()
    }
}

impl<const TRUTH: bool> ToSchema for Always<TRUTH> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(if TRUTH { "True" } else { "False" })
    }
}

/// What is answered of a token.
pub(crate) struct Introspection;

impl PartialSchema for Introspection {
    fn schema() -> RefOr<Schema> {
        let reference = utoipa::openapi::Ref::from_schema_name;
        OneOfBuilder::new().item(reference(Alive::name())).item(reference(Dead::name())).into()
    }
}

impl ToSchema for Introspection {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (name, schema) in [(Alive::name(), Alive::schema()), (Dead::name(), Dead::schema())] {
            schemas.push((name.into_owned(), schema));
        }
        Alive::schemas(schemas);
        Dead::schemas(schemas);
    }
}

/// How the route is told of.
pub(crate) const INTROSPECT: Operation = Operation::new::<Introspection>(
    "introspectToken",
    "Ask whether a token is alive",
    "RFC 7662. Whatever is not alive, or not a token of this customer, is `{\"active\": false}` and nothing else.",
)
.bare();

pub(crate) async fn introspect(call: Call<ServerCall, Introspect>) -> Answer {
    let Call { app, who: ServerCall(who), input, .. } = call;
    match app.sessions.authenticate(who.world(), &input.token).await {
        Ok(Authenticated { claims, live: _ }) => Ok(Json(Alive::from(claims)).into_response()),
        Err(SessionError::Invalid(_) | SessionError::Reused) => Ok(Json(Dead { active: false }).into_response()),
        Err(SessionError::Fault(fault)) => Err(fault.into()),
    }
}

impl From<Claims> for Alive {
    fn from(claims: Claims) -> Self {
        Self {
            active: true,
            sub: claims.sub,
            sid: claims.sid,
            email: claims.email,
            iss: claims.iss,
            aud: claims.aud,
            client_id: claims.client_id,
            token_type: "Bearer",
            iat: claims.iat,
            nbf: claims.nbf,
            exp: claims.exp,
            auth_time: claims.auth_time,
            jti: claims.jti,
            purpose: claims.purpose,
        }
    }
}
