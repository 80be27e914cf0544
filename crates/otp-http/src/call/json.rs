//! JSON as requests are read from it. Unlike `serde_json::Value` it keeps members that come twice, for they must
//! be refused, not chosen between.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Flaw, pointer, shortened};

/// A JSON value.
pub(crate) enum Node {
    /// A string.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// An object, its members in order.
    Object(Vec<(String, Node)>),
    /// A list.
    List(Vec<Node>),
    /// A number.
    Number(Number),
    /// Nothing.
    Null,
}

impl Node {
    /// The value `body` holds, if it is one JSON text in UTF-8 (RFC 8259, section 8.1).
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
    }

    /// The text it is.
    ///
    /// # Errors
    /// [`Flaw::InvalidType`] when it is something else; so do its siblings.
    pub(super) fn into_text(self) -> Result<String, Flaw> {
        if let Self::Text(text) = self { Ok(text) } else { Err(Flaw::InvalidType) }
    }

    pub(super) fn into_flag(self) -> Result<bool, Flaw> {
        if let Self::Flag(flag) = self { Ok(flag) } else { Err(Flaw::InvalidType) }
    }

    pub(super) fn into_number(self) -> Result<Number, Flaw> {
        if let Self::Number(number) = self { Ok(number) } else { Err(Flaw::InvalidType) }
    }

    pub(super) fn into_list(self) -> Result<Vec<Self>, Flaw> {
        if let Self::List(items) = self { Ok(items) } else { Err(Flaw::InvalidType) }
    }

    pub(super) fn into_object(self) -> Result<Vec<(String, Self)>, Flaw> {
        if let Self::Object(members) = self { Ok(members) } else { Err(Flaw::InvalidType) }
    }

    /// The same as a value. Of members that come twice it holds the last, and `twice` is told of each by its path.
    pub(super) fn into_value(self, path: &Path<'_>, twice: &mut impl FnMut(&Path<'_>)) -> Value {
        match self {
            Self::Text(text) => Value::String(text),
            Self::Flag(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::Null => Value::Null,
            Self::List(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(place, item)| item.into_value(&path.to(Step::Item(place)), twice)).collect()
            }
            Self::Object(members) => {
                let (mut object, mut told) = (Map::new(), HashSet::new());
                for (name, value) in members {
                    let path = path.to(Step::Member(&name));
                    let value = value.into_value(&path, twice);
                    if object.contains_key(&name) && !told.contains(&name) {
                        twice(&path);
                        told.insert(name.clone());
                    }
                    object.insert(name, value);
                }
                Value::Object(object)
            }
        }
    }
}

/// The way to a value. Written out only where there is a fault: a name may be as long as the body, and stand above as
/// many others as the body has room for.
pub(super) struct Path<'p>(Way<'p>);

enum Way<'p> {
    /// From what this points to.
    From(&'p str),
    /// One step further.
    To(&'p Path<'p>, Step<'p>),
}

enum Step<'p> {
    Member(&'p str),
    Item(usize),
}

impl<'p> Path<'p> {
    /// To what `pointer` points to.
    pub(super) const fn from(pointer: &'p str) -> Self {
        Self(Way::From(pointer))
    }

    const fn to(&'p self, step: Step<'p>) -> Self {
        Self(Way::To(self, step))
    }

    /// As a pointer; of a name that is too long to be told, as much as can be.
    pub(super) fn pointer(&self) -> String {
        match &self.0 {
            Way::From(start) => (*start).to_owned(),
            Way::To(parent, Step::Member(name)) => pointer(&parent.pointer(), shortened(name)),
            Way::To(parent, Step::Item(place)) => format!("{}/{place}", parent.pointer()),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        // JSON has no number that is none.
        Ok(Number::from_f64(number).map_or(Node::Null, Node::Number))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}
