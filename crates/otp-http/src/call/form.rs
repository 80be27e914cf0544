//! Body, query and headers of a call, read together so that all their faults are told at once.

use axum::extract::Query;
use http::header::{ACCEPT_LANGUAGE, IF_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri};
use otp_core::locale::Locale;

use super::fields::{Fields, distinct};
use super::json::Node;
use crate::app::App;
use crate::contract::Shape;
use crate::problem::{FieldError, Flaw, Problem, ProblemCode, pointer};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a handler is asked, read from a call.
pub(crate) trait Input: Sized + Send {
    /// Longest body, in octets.
    const MAX_BODY: usize = 16 * 1024;

    /// Tells what is read, for who has to write it.
    fn tell(shape: &mut Shape);

    /// Reads it; notes in `form` every fault that keeps it from being whole.
    fn read(form: &mut Form<'_>, app: &App) -> Option<Self>;
}

/// The language a caller would like to read, if it is one of ours.
pub(crate) fn accepted_locale(headers: &HeaderMap) -> Option<Locale> {
    headers.get(ACCEPT_LANGUAGE).and_then(|header| Locale::from_accept_language(header.to_str().ok()?))
}

/// Which version a change was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whichever there is.
    Any,
    /// This one.
    Version(u64),
}

/// Nothing is asked: no body, no query.
pub(crate) struct Nothing;

impl Input for Nothing {
    fn tell(_: &mut Shape) {}

    fn read(_: &mut Form<'_>, _: &App) -> Option<Self> {
        Some(Self)
    }
}

/// A call as an [`Input`] reads it.
pub(crate) struct Form<'r> {
    /// The members of the body.
    pub(crate) body: Fields,
    /// The headers.
    pub(crate) headers: &'r HeaderMap,
    /// Whether the call rests on a cookie, and its body needs no credential.
    pub(crate) rests_on_cookie: bool,
    uri: &'r Uri,
    query: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<'r> Form<'r> {
    /// Reads a whole input.
    ///
    /// # Errors
    /// `invalid_json`; `invalid_request` with every fault.
    pub(super) fn read<I: Input>(
        parts: &'r Parts,
        body: &[u8],
        rests_on_cookie: bool,
        app: &App,
    ) -> Result<I, Problem> {
        let node = Node::parse(if body.is_empty() { b"{}" } else { body }).ok_or(ProblemCode::InvalidJson)?;
        let whole = |flaw| Problem::invalid(vec![FieldError::new("", flaw)]);
        let members = node.into_object().map_err(whole)?;
        let Ok(Query(query)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
            return Err(whole(Flaw::UnknownParameter));
        };
        let mut form = Self {
            body: Fields::new(String::new(), members),
            headers: &parts.headers,
            rests_on_cookie,
            uri: &parts.uri,
            query,
            errors: Vec::new(),
        };
        let input = I::read(&mut form, app);
        let errors = form.close();
        match input {
            Some(input) if errors.is_empty() => Ok(input),
            Some(_) | None => Err(Problem::invalid(errors)),
        }
    }

    /// The query parameter `name` as `read` takes it; nothing if it is absent or at fault.
    pub(crate) fn parameter<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, Flaw>) -> Option<T> {
        let place = self.query.iter().position(|(parameter, _)| parameter == name)?;
        let (_, value) = self.query.remove(place);
        let before = self.query.len();
        self.query.retain(|(parameter, _)| parameter != name);
        let flaw = match read(&value) {
            _ if self.query.len() < before => Flaw::DuplicateParameter,
            Ok(value) => return Some(value),
            Err(flaw) => flaw,
        };
        self.note_parameter(name, flaw);
        None
    }

    /// Notes a fault of the query parameter `name`.
    pub(crate) fn note_parameter(&mut self, name: &str, flaw: Flaw) {
        self.errors.push(FieldError::new(pointer("", name), flaw));
    }

    /// The `Idempotency-Key`: 1 to 255 visible ASCII characters.
    pub(crate) fn idempotency_key(&mut self) -> Option<String> {
        let mut values = self.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = values.next()?;
        let visible = (1..=255).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
        let key = key.to_str().ok().filter(|_| visible && values.next().is_none());
        if key.is_none() {
            self.errors.push(FieldError::new("", Flaw::InvalidIdempotencyKey));
        }
        key.map(str::to_owned)
    }

    /// The path.
    pub(super) fn path(&self) -> &'r str {
        self.uri.path()
    }

    /// The last segment of the path.
    pub(crate) fn last_segment(&self) -> &'r str {
        self.segment_from_end(0)
    }

    /// The segment of the path behind which there are `behind` others.
    pub(crate) fn segment_from_end(&self, behind: usize) -> &'r str {
        self.uri.path().rsplit('/').nth(behind).unwrap_or_default()
    }

    /// The version in `If-Match` (RFC 9110, section 13.1.1), as an entity tag of ours is read; `*` is any.
    pub(crate) fn if_match(&mut self) -> Option<IfMatch> {
        let mut values = self.headers.get_all(IF_MATCH).iter();
        let value = values.next()?;
        let text = value.to_str().ok().map(str::trim).filter(|_| values.next().is_none());
        let number = |text: &str| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Some(match text {
            Some("*") => IfMatch::Any,
            // A tag that was never one of ours matches nothing.
            text => IfMatch::Version(text.and_then(number).unwrap_or(0)),
        })
    }

    fn close(self) -> Vec<FieldError> {
        let Self { body, query, mut errors, .. } = self;
        errors.extend(body.close());
        let unknown = distinct(query.iter().map(|(name, _)| name.as_str()));
        errors.extend(unknown.map(|name| FieldError::new(pointer("", name), Flaw::UnknownParameter)));
        errors
    }
}
