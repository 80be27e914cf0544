//! What is written together: the rows of several tables, in order.

use super::{Conn, Engine, Many, Query};
use crate::trouble::{Tried, Trouble};

/// Rows to be written to several tables.
///
/// On SQLite each statement is run by itself, which costs a change of threads. On Postgres all are one
/// statement, for each would be a trip to the server and back, and at one call at a time trips are what a call
/// consists of. Parts of one statement do not see each other's rows, so no part may change a row another
/// part has changed.
pub(crate) struct Writes {
    engine: Engine,
    /// Each with how many rows it has to write.
    queries: Vec<(Query, u64)>,
}

impl Writes {
    /// Nothing yet, for `engine`.
    pub(crate) const fn new(engine: Engine) -> Self {
        Self { engine, queries: Vec::new() }
    }

    /// Adds `rows` to be written by `statement`, after those added before.
    pub(crate) fn add<T>(&mut self, statement: &'static Many, rows: &[T], bind: impl Fn(Query, &T) -> Query) {
        let queries = statement.queries(self.engine, rows, bind);
        self.queries.extend(queries.into_iter().map(|(query, count)| (query, count as u64)));
    }

    /// Writes all of them, every row: one that a statement passes over is a [conflict](Trouble::conflict).
    /// That is the guard of what was decided on rows read before.
    pub(crate) async fn run(self, conn: &mut Conn) -> Tried<()> {
        let (queries, counts): (Vec<_>, Vec<_>) = self.queries.into_iter().unzip();
        let written = conn.execute_all(queries).await?;
        // A statement may write more: closing takes the expired along.
        let whole =
            written.len() == counts.len() && written.iter().zip(&counts).all(|(written, count)| written >= count);
        if whole { Ok(()) } else { Err(Trouble::conflict()) }
    }
}
