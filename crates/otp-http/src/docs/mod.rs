//! The pages under `/docs`, and the document they are made of: the reference, a section for every error code, and the
//! guides. They load nothing, not even from here, run no script, and are searched by the server.

mod curl;
mod errors;
mod guide;
mod layout;
mod markdown;
mod page;
mod reference;
mod schema;
mod search;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use utoipa::{PartialSchema, ToSchema};

use crate::app::App;
use crate::contract::{AnyText, Header, Operation, Shape};
use crate::html;
use crate::problem::{Problem, ProblemCode};
use page::Page;
use search::Index;

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
    Operation::new::<Document>("getOpenApi", "This document", "OpenAPI 3.1, as generated clients read it.")
        .bare()
        .with(&[Header::Kept]);
/// How the route is told of.
pub(crate) const REFERENCE: Operation =
    Operation::page("showDocs", "Every call there is", "For people.").with(&[Header::Kept]);
/// How the route is told of.
pub(crate) const ERRORS: Operation =
    Operation::page("showErrors", "Every error code there is", "For people.").with(&[Header::Kept]);
/// How the route is told of.
pub(crate) const GUIDE: Operation = Operation::page("showGuide", "A guide", "For people.").with(&[Header::Kept]);

/// Another binary may serve other pages, so they are not kept for long.
const KEPT: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));

/// The contract and its pages. They are the same for everybody, so whoever asks for them over and over has nothing made anew.
pub(crate) struct Documentation {
    /// The document as it is sent.
    document: Bytes,
    reference: Bytes,
    errors: Bytes,
    /// By name.
    guides: Vec<(&'static str, Bytes)>,
    index: Index,
}

impl Documentation {
    /// That of a service which is reached at `public_url`.
    pub(crate) fn of(public_url: &str) -> Self {
        let document = crate::openapi(public_url);
        let calls = reference::calls(&document);
        let reference = reference::page(&document, &calls);
        let errors = errors::page(&calls, public_url);
        let guides: Vec<Page> = guide::ALL.iter().map(guide::page).collect();
        let index = Index::of([&reference, &errors].into_iter().chain(&guides), &reference.contents);
        let laid_out = |page: &Page| Bytes::from(layout::page(page));
        Self {
            document: document.to_string().into(),
            reference: laid_out(&reference),
            errors: laid_out(&errors),
            guides: guide::ALL.iter().map(|guide| guide.name).zip(guides.iter().map(laid_out)).collect(),
            index,
        }
    }
}

/// The names of the guides.
pub(crate) fn guides() -> impl Iterator<Item = &'static str> {
    guide::ALL.iter().map(|guide| guide.name)
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
    shape.query::<AnyText>("q", "Words to look for in all pages; the places are listed that have all of them.");
}

/// The document, to who reaches the service as it is configured.
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([json, KEPT], app.documentation().document.clone()).into_response()
}

/// Every call, or the places that are looked for.
pub(crate) async fn reference(State(app): State<App>, search: Searched) -> Response {
    let search = search.map_or_else(|_| Search::default(), |Query(search)| search);
    let documentation = app.documentation();
    match search.q.trim() {
        "" => shown(documentation.reference.clone()),
        words => shown(documentation.index.page(words).into()),
    }
}

/// Every error code.
pub(crate) async fn errors(State(app): State<App>) -> Response {
    shown(app.documentation().errors.clone())
}

/// One guide.
pub(crate) async fn guide(State(app): State<App>, guide: Named) -> Response {
    let guides = &app.documentation().guides;
    match guide.ok().and_then(|Path(name)| guides.iter().find(|(known, _)| *known == name)) {
        Some((_, page)) => shown(page.clone()),
        None => Problem::new(ProblemCode::NotFound).into_response(),
    }
}

fn shown(page: Bytes) -> Response {
    ([KEPT], html::page(StatusCode::OK, page)).into_response()
}
