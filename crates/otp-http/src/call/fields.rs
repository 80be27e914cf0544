//! One object of a body, read member by member. Faults are gathered, so that a caller learns of all
//! at once; whatever was not asked for is one.

use std::collections::HashSet;

use otp_core::config::whole;
use serde_json::Value;

use super::json::{Node, Path};
use crate::problem::{FieldError, Flaw, MAX_ERRORS, pointer};

/// The members of one object, and what was found wrong with them.
pub(crate) struct Fields {
    at: String,
    members: Vec<(String, Node)>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Those of the object `at` points to.
    pub(super) fn new(at: String, members: Vec<(String, Node)>) -> Self {
        let (mut seen, mut told) = (HashSet::with_capacity(members.len()), HashSet::new());
        let names = members.iter().map(|(name, _)| name.as_str());
        let twice = names.filter(|name| !seen.insert(*name) && told.insert(*name));
        let error = |name| FieldError::new(pointer(&at, name), Flaw::DuplicateMember);
        let errors = twice.take(MAX_ERRORS).map(error).collect();
        Self { at, members, errors }
    }

    /// The text of member `name` as `read` takes it; nothing if it is absent or at fault.
    pub(crate) fn optional<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, Flaw>) -> Option<T> {
        self.taken(name, |node| read(&node.into_text()?))
    }

    /// The same of a member that must be there.
    pub(crate) fn required<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, Flaw>) -> Option<T> {
        if !self.has(name) {
            self.note(name, Flaw::Required);
        }
        self.optional(name, read)
    }

    /// The boolean `name`.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.taken(name, Node::into_flag)
    }

    /// The whole number `name` as `read` takes it.
    pub(crate) fn number<T>(&mut self, name: &str, read: impl FnOnce(u64) -> Result<T, Flaw>) -> Option<T> {
        self.taken(name, |node| whole(&node.into_number()?).ok_or(Flaw::OutOfRange).and_then(read))
    }

    /// The texts of the list `name`, each as `read` takes it; at most `max`.
    pub(crate) fn list<T>(&mut self, name: &str, max: usize, read: impl Fn(&str) -> Result<T, Flaw>) -> Option<Vec<T>> {
        let short = |items: Vec<Node>| if items.len() <= max { Ok(items) } else { Err(Flaw::TooMany) };
        let items = self.taken(name, |node| node.into_list().and_then(short))?;
        let mut list = Vec::with_capacity(items.len());
        for (place, item) in items.into_iter().enumerate() {
            match item.into_text().and_then(|text| read(&text)) {
                Ok(item) => list.push(item),
                Err(flaw) => self.errors.push(FieldError::new(format!("{}/{place}", pointer(&self.at, name)), flaw)),
            }
        }
        Some(list)
    }

    /// Whatever the object `name` holds, to be read by somebody else.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        let members = self.taken(name, Node::into_object)?;
        self.whole(members, &pointer(&self.at, name))
    }

    /// All members, to be read by somebody else.
    pub(crate) fn everything(&mut self) -> Option<Value> {
        let members = std::mem::take(&mut self.members);
        self.errors.clear();
        let at = self.at.clone();
        self.whole(members, &at)
    }

    fn whole(&mut self, members: Vec<(String, Node)>, at: &str) -> Option<Value> {
        let mut errors = Vec::new();
        let value = Node::Object(members).into_value(&Path::from(at), &mut |path| {
            if errors.len() < MAX_ERRORS {
                errors.push(FieldError::new(path.pointer(), Flaw::DuplicateMember));
            }
        });
        let is_whole = errors.is_empty();
        self.errors.extend(errors);
        is_whole.then_some(value)
    }

    /// What `read` makes of the object `name`.
    pub(crate) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let members = self.taken(name, Node::into_object)?;
        let mut inner = Self::new(pointer(&self.at, name), members);
        let result = read(&mut inner);
        self.errors.extend(inner.close());
        Some(result)
    }

    /// Whether there is a member `name` not read yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// Notes a fault of the member `name`.
    pub(crate) fn note(&mut self, name: &str, flaw: Flaw) {
        self.errors.push(FieldError::new(pointer(&self.at, name), flaw));
    }

    /// Notes a fault of the object itself.
    pub(crate) fn note_whole(&mut self, flaw: Flaw) {
        self.errors.push(FieldError::new(self.at.clone(), flaw));
    }

    /// All faults; members nobody has asked for are among them.
    pub(super) fn close(self) -> Vec<FieldError> {
        let Self { at, members, mut errors } = self;
        let unknown = distinct(members.iter().map(|(name, _)| name.as_str()));
        errors.extend(unknown.map(|name| FieldError::new(pointer(&at, name), Flaw::UnknownMember)));
        errors
    }

    /// What `read` makes of the member `name`; its flaw is noted.
    fn taken<T>(&mut self, name: &str, read: impl FnOnce(Node) -> Result<T, Flaw>) -> Option<T> {
        let node = self.take(name)?;
        read(node).map_err(|flaw| self.note(name, flaw)).ok()
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        let place = self.members.iter().position(|(member, _)| member == name)?;
        let (_, value) = self.members.remove(place);
        // A second one is noted already; left in, it would be called unknown as well.
        self.members.retain(|(member, _)| member != name);
        Some(value)
    }
}

/// `names`, each once, as many of them as are told.
pub(super) fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> impl Iterator<Item = &'n str> {
    let mut seen = HashSet::new();
    names.filter(move |name| seen.insert(*name)).take(MAX_ERRORS)
}

/// `text`, if it has at most `max` characters.
///
/// # Errors
/// [`Flaw::TooLong`].
pub(crate) fn at_most(max: usize, text: &str) -> Result<&str, Flaw> {
    if text.chars().nth(max).is_none() { Ok(text) } else { Err(Flaw::TooLong) }
}

/// `text`, if it has at most `max` characters and none of them is a control character.
///
/// # Errors
/// [`Flaw::TooLong`], [`Flaw::ControlCharacter`].
pub(crate) fn plain(max: usize, text: &str) -> Result<&str, Flaw> {
    let text = at_most(max, text)?;
    if text.chars().any(char::is_control) { Err(Flaw::ControlCharacter) } else { Ok(text) }
}
