//! What a route says of itself.

use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::html;
use crate::problem::ProblemCode;

/// Answers without a problem an operation has at most.
const MOST: usize = 5;
/// JSON, as most answers are.
const JSON: &str = "application/json";

/// A schema and those it refers to, by name.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// An answer that is no problem document.
#[derive(Clone, Copy)]
pub(super) struct Plain {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) media: &'static str,
    pub(super) schema: Option<Described>,
    /// Whether `"success": true` is among its members.
    pub(super) says_so: bool,
}

/// A type of answer.
#[derive(Clone, Copy)]
pub(super) struct Described {
    pub(super) name: fn() -> String,
    pub(super) schema: fn() -> RefOr<Schema>,
    pub(super) refers_to: fn(&mut Schemas),
}

impl Described {
    const fn of<T: ToSchema>() -> Self {
        Self { name: || T::name().into_owned(), schema: T::schema, refers_to: T::schemas }
    }
}

/// A header of an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Header {
    /// The version of a configuration.
    ETag,
    /// How rates stand.
    Rates,
    /// How quotas stand.
    Quotas,
    /// The session's cookie.
    SetCookie,
    /// That the answer is to be kept as a file.
    Attachment,
    /// That the answer was given before.
    Replayed,
    /// That it may be kept for a while.
    Kept,
}

/// What a route says of itself.
pub(crate) struct Operation {
    /// What generated clients call it.
    pub(super) id: &'static str,
    /// What it does, in a few words.
    pub(super) summary: &'static str,
    /// What else there is to know, in Markdown.
    pub(super) description: &'static str,
    /// The first is the usual one.
    pub(super) answers: [Option<Plain>; MOST],
    pub(super) headers: &'static [Header],
    pub(super) refusals: &'static [ProblemCode],
}

impl Operation {
    /// One that answers 200 with the members of `T` and `"success": true`.
    pub(crate) const fn new<T: ToSchema>(id: &'static str, summary: &'static str, description: &'static str) -> Self {
        let members = Some(Described::of::<T>());
        let usual = Plain { status: 200, description: "Done.", media: JSON, schema: members, says_so: true };
        Self::answering(usual, id, summary, description)
    }

    /// One that answers 200 with a page for people.
    pub(crate) const fn page(id: &'static str, summary: &'static str, description: &'static str) -> Self {
        let usual = Plain { status: 200, description: "The page.", media: html::MEDIA, schema: None, says_so: false };
        Self::answering(usual, id, summary, description)
    }

    const fn answering(usual: Plain, id: &'static str, summary: &'static str, description: &'static str) -> Self {
        Self { id, summary, description, answers: [Some(usual), None, None, None, None], headers: &[], refusals: &[] }
    }

    /// Answers 201: something was made.
    pub(crate) const fn creating(mut self) -> Self {
        if let Some(usual) = &mut self.answers[0] {
            usual.status = 201;
            usual.description = "Made.";
        }
        self
    }

    /// Answers without `"success": true`.
    pub(crate) const fn bare(mut self) -> Self {
        if let Some(usual) = &mut self.answers[0] {
            usual.says_so = false;
        }
        self
    }

    /// Answers `status` with the same members where something is wrong; or, where the status is the same, lines of the
    /// type `media` to who accepts it.
    pub(crate) const fn or(mut self, status: u16, description: &'static str, media: &'static str) -> Self {
        let mut place = 1;
        while place < MOST && self.answers[place].is_some() {
            place += 1;
        }
        if let Some(first) = self.answers[0] {
            let schema = if status == first.status { None } else { first.schema };
            // One too many does not compile: operations are constants.
            self.answers[place] = Some(Plain { status, description, media, schema, ..first });
        }
        self
    }

    /// Answers with `headers` besides those every answer has.
    pub(crate) const fn with(mut self, headers: &'static [Header]) -> Self {
        self.headers = headers;
        self
    }

    /// May be refused by `codes`, besides those that follow from credential and input.
    pub(crate) const fn refusing(mut self, codes: &'static [ProblemCode]) -> Self {
        self.refusals = codes;
        self
    }
}
