//! The pages under `/docs`, and the document they are made of: the reference, a section for every error code, and the
//! guides. They load nothing, not even from here, run no script, and are searched by the server.

mod curl;
mod errors;
mod guide;
mod layout;
mod markdown;
mod reference;
mod schema;

use std::sync::LazyLock;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

use crate::app::App;
use crate::contract::{AnyText, Operation, Shape};
use crate::html;
use crate::problem::ProblemCode;

/// Any object.
pub(crate) struct Document;

impl PartialSchema for Document {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new().description(Some("An OpenAPI document.")).into()
    }
}

impl ToSchema for Document {}

/// How the route is told of.
pub(crate) const OPENAPI: Operation =
    Operation::new::<Document>("getOpenApi", "This document", "OpenAPI 3.1, as generated clients read it.").bare();
/// How the route is told of.
pub(crate) const REFERENCE: Operation =
    Operation::new::<Document>("showDocs", "Every call there is", "For people.").telling(html::MEDIA);
/// How the route is told of.
pub(crate) const ERRORS: Operation =
    Operation::new::<Document>("showErrors", "Every error code there is", "For people.").telling(html::MEDIA);
/// How the route is told of.
pub(crate) const GUIDE: Operation =
    Operation::new::<Document>("showGuide", "A guide", "For people.").telling(html::MEDIA);

/// The contract, and those of its pages that are the same for everybody: whoever asks for them over and over has nothing made anew.
pub(crate) struct Documentation {
    document: Value,
    /// The document as it is sent.
    text: Bytes,
    reference: String,
    errors: String,
}

impl Documentation {
    /// That of a service which is reached at `public_url`.
    pub(crate) fn of(public_url: &str) -> Self {
        let document = crate::openapi(public_url);
        Self {
            text: document.to_string().into(),
            reference: reference::page(&document, &Search::default()),
            errors: errors::page(&document, public_url),
            document,
        }
    }
}

/// The document, to who reaches the service as it is configured.
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (json, app.documentation().text.clone()).into_response()
}

/// What is looked for; a rejection where that is no text.
type Searched = Result<Query<Search>, QueryRejection>;
/// The guide the path names; a rejection where that is no text.
type Named = Result<Path<String>, PathRejection>;

/// What is looked for.
#[derive(Default, Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

/// Tells of the parameter.
pub(crate) fn tell(shape: &mut Shape) {
    shape.query::<AnyText>("q", "Words that have to be in a section for it to be shown.");
}

impl Search {
    /// Whether all words that are looked for are in `text`.
    fn finds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.q.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// Every call, or those that are looked for.
pub(crate) async fn reference(State(app): State<App>, search: Searched) -> Response {
    let search = search.map_or_else(|_| Search::default(), |Query(search)| search);
    let documentation = app.documentation();
    let is_search = !search.q.is_empty();
    let page =
        if is_search { reference::page(&documentation.document, &search) } else { documentation.reference.clone() };
    html::page(StatusCode::OK, page)
}

/// Every error code.
pub(crate) async fn errors(State(app): State<App>) -> Response {
    html::page(StatusCode::OK, app.documentation().errors.clone())
}

/// One guide.
pub(crate) async fn guide(guide: Named) -> Response {
    static PAGES: LazyLock<Vec<(&str, String)>> =
        LazyLock::new(|| guide::ALL.iter().map(|guide| (guide.name, guide::page(guide))).collect());
    let page = guide.ok().and_then(|Path(name)| PAGES.iter().find(|(known, _)| *known == name));
    match page {
        Some((_, page)) => html::page(StatusCode::OK, page.clone()),
        None => crate::Problem::new(ProblemCode::NotFound).into_response(),
    }
}
