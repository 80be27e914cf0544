//! Routes: what is served where, together with what is told of it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::openapi::HttpMethod;

use super::operation::Operation;
use super::shape::Shape;
use crate::app::App;
use crate::call::{Call, Capability, Credential, Input};
use crate::problem::ProblemCode;
use crate::reply::Answer;

/// How a call that has no whole body, no known query or no JSON is refused, whatever it asks for.
const OF_EVERY_INPUT: [ProblemCode; 5] = [
    ProblemCode::InvalidJson,
    ProblemCode::InvalidRequest,
    ProblemCode::PayloadTooLarge,
    ProblemCode::RequestTimeout,
    ProblemCode::UnsupportedMediaType,
];

/// One method of one path.
pub(crate) struct Method {
    pub(super) verb: HttpMethod,
    pub(super) operation: &'static Operation,
    pub(super) shape: Shape,
    pub(super) credentials: &'static [Credential],
    pub(super) is_credential_needed: bool,
    /// How it may be refused by what its types say; what it says itself is in `operation`.
    pub(super) refusals: Vec<ProblemCode>,
    handlers: MethodRouter<App>,
}

/// Some paths of one kind.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
}

/// One path and its methods.
pub(super) struct Path {
    pub(super) template: &'static str,
    /// The place of its group.
    pub(super) group: usize,
    pub(super) methods: Vec<Method>,
}

/// Every route there is.
pub(crate) struct Routes {
    pub(super) groups: Vec<Group>,
    pub(super) paths: Vec<Path>,
}

impl Routes {
    pub(crate) const fn new() -> Self {
        Self { groups: Vec::new(), paths: Vec::new() }
    }

    /// The paths that follow are of a kind.
    pub(crate) fn group(mut self, name: &'static str, description: &'static str) -> Self {
        self.groups.push(Group { name, description });
        self
    }

    /// Serves `methods` at `template`.
    pub(crate) fn at<const N: usize>(mut self, template: &'static str, methods: [Method; N]) -> Self {
        let group = self.groups.len().saturating_sub(1);
        self.paths.push(Path { template, group, methods: methods.into() });
        self
    }

    /// The templates of their paths, in order.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &'static str> {
        self.paths.iter().map(|path| path.template)
    }

    /// As they are served.
    pub(crate) fn router(self) -> Router<App> {
        self.paths.into_iter().fold(Router::new(), |router, Path { template, methods, .. }| {
            methods.into_iter().fold(router, |router, method| router.route(template, method.handlers))
        })
    }
}

/// Functions that tell how a path is served by a verb.
macro_rules! verbs {
    ($($name:ident $verb:ident $written:literal;)+) => {$(
        #[doc = concat!($written, " by `handler`, once a call has passed the checks of [`Call`].")]
        pub(crate) fn $name<W, I, H, F>(handler: H, operation: &'static Operation) -> Method
        where
            W: Capability + 'static,
            I: Input + 'static,
            H: Fn(Call<W, I>) -> F + Clone + Send + Sync + 'static,
            F: Future<Output = Answer> + Send + 'static,
        {
            checked::<W, I>(HttpMethod::$verb, on(filter(&HttpMethod::$verb), handler), operation)
        }
    )+};
}

verbs! {
    get Get "GET";
    post Post "POST";
    put Put "PUT";
    delete Delete "DELETE";
}

/// A method whose `handlers` make the checks that `W` and `I` say.
fn checked<W: Capability, I: Input>(
    verb: HttpMethod,
    handlers: MethodRouter<App>,
    operation: &'static Operation,
) -> Method {
    let mut shape = Shape::default();
    I::tell(&mut shape);
    let mut refusals = W::REFUSALS.to_vec();
    if verb == HttpMethod::Get {
        // What changes nothing cannot be forged.
        refusals.retain(|code| *code != ProblemCode::CsrfFailed);
    }
    refusals.extend(OF_EVERY_INPUT);
    refusals.append(&mut shape.refusals);
    Method {
        verb,
        operation,
        shape,
        credentials: W::CREDENTIALS,
        is_credential_needed: W::IS_NEEDED,
        refusals,
        handlers,
    }
}

/// A method whose handler makes its checks itself: no credential, no JSON.
pub(crate) fn unchecked<H, T>(
    verb: HttpMethod,
    handler: H,
    operation: &'static Operation,
    tell: impl FnOnce(&mut Shape),
) -> Method
where
    H: Handler<T, App>,
    T: 'static,
{
    let mut shape = Shape::default();
    tell(&mut shape);
    Method {
        handlers: on(filter(&verb), handler),
        verb,
        operation,
        shape,
        credentials: &[],
        is_credential_needed: false,
        refusals: Vec::new(),
    }
}

/// What lets calls by `verb` through.
const fn filter(verb: &HttpMethod) -> MethodFilter {
    match verb {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}
