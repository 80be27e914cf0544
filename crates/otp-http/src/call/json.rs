//! JSON as requests are read from it. Unlike `serde_json::Value` it keeps members that come twice, for they must
//! be refused, not chosen between.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Flaw, pointer};

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

    /// The same as a value, if no object in it has a member twice; else where one has.
    ///
    /// # Errors
    /// Pointers to members that come twice, from `at` on.
    pub(super) fn into_value(self, at: &str) -> Result<Value, Vec<String>> {
        match self {
            Self::Text(text) => Ok(Value::String(text)),
            Self::Flag(flag) => Ok(Value::Bool(flag)),
            Self::Number(number) => Ok(Value::Number(number)),
            Self::Null => Ok(Value::Null),
            Self::List(items) => {
                let items = items.into_iter().enumerate();
                gathered(items.map(|(place, item)| item.into_value(&format!("{at}/{place}")))).map(Value::Array)
            }
            Self::Object(members) => {
                let mut object = Map::new();
                let put = members.into_iter().map(|(name, value)| {
                    let at = pointer(at, &name);
                    let value = value.into_value(&at)?;
                    if object.insert(name, value).is_some() { Err(vec![at]) } else { Ok(()) }
                });
                gathered(put)?;
                Ok(Value::Object(object))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// All results, or all errors.
fn gathered<T>(results: impl Iterator<Item = Result<T, Vec<String>>>) -> Result<Vec<T>, Vec<String>> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(pointers) => bad.extend(pointers),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
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
