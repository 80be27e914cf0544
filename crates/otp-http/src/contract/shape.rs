//! What a call may carry, as its [`Input`](crate::call::Input) tells it.

use utoipa::PartialSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder};
use utoipa::openapi::{RefOr, Required, Schema};

use super::scalar;
use crate::problem::ProblemCode;

/// JSON, as bodies are.
const JSON: &str = "application/json";
/// What forms of pages send.
const FORM: &str = "application/x-www-form-urlencoded";

/// What a call may carry.
#[derive(Default)]
pub(crate) struct Shape {
    pub(super) body: Option<Body>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) refusals: Vec<ProblemCode>,
}

/// The members of a body.
pub(crate) struct Body {
    pub(super) members: Object,
    /// Whether a call without a body is whole.
    pub(super) is_optional: bool,
    pub(super) media: &'static str,
}

impl Shape {
    /// A member of the body that has to be there.
    pub(crate) fn required<T: PartialSchema>(&mut self, name: &'static str, description: &'static str) -> &mut Self {
        self.member(name, description, T::schema(), true)
    }

    /// A member of the body.
    pub(crate) fn optional<T: PartialSchema>(&mut self, name: &'static str, description: &'static str) -> &mut Self {
        self.member(name, description, T::schema(), false)
    }

    /// The body is an object like `T`, every member of which may be left out.
    pub(crate) fn body_of(&mut self, members: ObjectBuilder) -> &mut Self {
        self.body = Some(Body { members: members.build(), ..Body::empty() });
        self
    }

    /// A member of a body that is a form's. Others are passed over.
    pub(crate) fn form<T: PartialSchema>(&mut self, name: &'static str, description: &'static str) -> &mut Self {
        self.required::<T>(name, description);
        if let Some(body) = &mut self.body {
            body.media = FORM;
            body.members.additional_properties = None;
        }
        self
    }

    /// A parameter of the query.
    pub(crate) fn query<T: PartialSchema>(&mut self, name: &'static str, description: &'static str) -> &mut Self {
        self.parameter(name, ParameterIn::Query, Required::False, description, T::schema())
    }

    /// A parameter of the query that has to be there.
    pub(crate) fn query_required<T: PartialSchema>(
        &mut self,
        name: &'static str,
        description: &'static str,
    ) -> &mut Self {
        self.parameter(name, ParameterIn::Query, Required::True, description, T::schema())
    }

    /// A header.
    pub(crate) fn header<T: PartialSchema>(&mut self, name: &'static str, description: &'static str) -> &mut Self {
        self.parameter(name, ParameterIn::Header, Required::False, description, T::schema())
    }

    /// What a call that rests on a session's cookie has to bring besides.
    pub(crate) fn unforged(&mut self) -> &mut Self {
        self.header::<scalar::AnyText>(
            "X-CSRF-Token",
            "`csrfToken` of the session. Needed where its cookie is the credential.",
        )
    }

    /// Where a page of a list begins, and how long it is.
    pub(crate) fn pages(&mut self) -> &mut Self {
        self.query::<scalar::Limit>("limit", "How many there are on a page.")
            .query::<scalar::Cursor>("cursor", "`nextCursor` of the page before.")
    }

    /// The call may be repeated under a key, and is refused by `codes` where it may not.
    pub(crate) fn repeatable(&mut self, codes: &[ProblemCode]) -> &mut Self {
        self.refusals.extend(codes);
        let description = "The call is made once, however often it is repeated under the same key within a day.";
        self.header::<scalar::IdempotencyKeyText>("Idempotency-Key", description)
    }

    fn member(&mut self, name: &'static str, description: &str, schema: RefOr<Schema>, required: bool) -> &mut Self {
        let Body { members, is_optional, media } = self.body.take().unwrap_or_else(Body::empty);
        let members = ObjectBuilder::from(members).property(name, described(schema, description));
        let members = if required { members.required(name) } else { members }.build();
        self.body = Some(Body { members, is_optional: is_optional && !required, media });
        self
    }

    fn parameter(
        &mut self,
        name: &str,
        place: ParameterIn,
        required: Required,
        description: &str,
        schema: RefOr<Schema>,
    ) -> &mut Self {
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required);
        self.parameters.push(parameter.description(Some(description)).schema(Some(schema)).build());
        self
    }
}

impl Body {
    fn empty() -> Self {
        Self { members: closed().build(), is_optional: true, media: JSON }
    }
}

/// An object that has no members but those it tells: any other is an error.
pub(crate) fn closed() -> ObjectBuilder {
    ObjectBuilder::new().additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

/// `schema` with `description` in place of its own.
pub(crate) fn described(schema: RefOr<Schema>, description: &str) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(object)) => ObjectBuilder::from(object).description(Some(description)).into(),
        RefOr::T(Schema::Array(mut array)) => {
            array.description = Some(description.to_owned());
            RefOr::T(array.into())
        }
        other @ (RefOr::T(_) | RefOr::Ref(_)) => other,
    }
}
