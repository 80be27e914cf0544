//! A statement, and what is bound to it.

use super::many::Rows;
use super::{Conn, Row, Text};
use crate::trouble::Tried;

/// A value as the engines take it.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    /// Whole numbers, times, truths.
    Number(Option<i64>),
    /// Texts.
    Text(Option<String>),
    /// Hashes, keys, sealed values, logs.
    Octets(Vec<u8>),
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        i64::from(number).into()
    }
}

impl From<u8> for Arg {
    fn from(number: u8) -> Self {
        i64::from(number).into()
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Option<&str>> for Arg {
    fn from(text: Option<&str>) -> Self {
        text.map(ToOwned::to_owned).into()
    }
}

impl From<Option<String>> for Arg {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

/// A statement and what is bound to it, in order.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(super) what: What,
    pub(super) args: Vec<Arg>,
}

/// What is run.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// A statement as it stands.
    One(&'static Text),
    /// A statement over as many rows.
    Many(Rows),
}

impl std::fmt::Debug for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a statement")
    }
}

/// `text`, with nothing bound to it yet.
pub(crate) const fn query(text: &'static Text) -> Query {
    Query { what: What::One(text), args: Vec::new() }
}

impl Query {
    /// Runs it; answers how many rows it wrote.
    pub(crate) async fn execute(self, conn: &mut Conn) -> Tried<u64> {
        conn.execute(self).await
    }

    /// All rows of its answer.
    pub(crate) async fn fetch_all(self, conn: &mut Conn) -> Tried<Vec<Row>> {
        conn.fetch_all(self).await
    }

    /// The one row of its answer, if there is one.
    pub(crate) async fn fetch_optional(self, conn: &mut Conn) -> Tried<Option<Row>> {
        Ok(self.fetch_all(conn).await?.pop())
    }

    /// The one row of an answer that always has one.
    pub(crate) async fn fetch_one(self, conn: &mut Conn) -> Tried<Row> {
        self.fetch_optional(conn).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Binds the next value.
    pub(crate) fn bind(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }
}
