//! One statement over many rows.

#[cfg(feature = "sqlite")]
use std::sync::OnceLock;

use super::query::What;
#[cfg(feature = "postgres")]
use super::text::Rendered;
use super::text::render;
use super::{Conn, Engine, Query, Row, Writes};
use crate::trouble::Tried;

/// On SQLite rows go in runs of these lengths, the longest first. A text per length, so that few texts
/// are prepared, each once, and no number of rows needs a new one; longer runs gain nothing any more.
#[cfg(feature = "sqlite")]
const RUNS: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// The type of one value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// As [`Arg::Number`](super::Arg::Number).
    Number,
    /// As [`Arg::Text`](super::Arg::Text).
    Text,
    /// As [`Arg::Octets`](super::Arg::Octets).
    Octets,
}

/// A statement that takes any number of rows: `{rows}` in its text stands for them, as a table with
/// the columns `column1`, `column2`, ….
///
/// Each call of an engine costs a change of threads or a trip to the server, which is more than most
/// rows cost; so what a batch does to one table, it does in one statement.
pub(crate) struct Many {
    template: &'static str,
    columns: &'static [Column],
    #[cfg(feature = "sqlite")]
    runs: OnceLock<[String; RUNS.len()]>,
    #[cfg(feature = "postgres")]
    whole: Rendered,
}

/// A statement, and over how many rows it is.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) statement: &'static Many,
    #[cfg(feature = "sqlite")]
    count: usize,
}

impl Many {
    /// Of rows of these types.
    pub(crate) const fn new(template: &'static str, columns: &'static [Column]) -> Self {
        Self {
            template,
            columns,
            #[cfg(feature = "sqlite")]
            runs: OnceLock::new(),
            #[cfg(feature = "postgres")]
            whole: Rendered::new(),
        }
    }

    /// The types of a row.
    #[cfg(feature = "postgres")]
    pub(super) const fn columns(&self) -> &'static [Column] {
        self.columns
    }

    /// Every text it has.
    #[cfg(test)]
    pub(crate) fn texts(&'static self, engine: Engine) -> Vec<&'static str> {
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => RUNS.map(|count| Rows::new(self, count).text(engine)).into(),
            #[cfg(feature = "postgres")]
            Engine::Postgres => vec![Rows::new(self, 1).text(engine)],
        }
    }

    /// Writes `rows`, every one of them, as [`Writes::run`] does.
    pub(crate) async fn write<T>(
        &'static self,
        conn: &mut Conn,
        rows: &[T],
        bind: impl Fn(Query, &T) -> Query,
    ) -> Tried<()> {
        let mut writes = Writes::new(conn.engine());
        writes.add(self, rows, bind);
        writes.run(conn).await
    }

    /// What it answers to `rows`.
    pub(crate) async fn fetch<T>(
        &'static self,
        conn: &mut Conn,
        rows: &[T],
        bind: impl Fn(Query, &T) -> Query,
    ) -> Tried<Vec<Row>> {
        let mut found = Vec::new();
        for (query, _) in self.queries(conn.engine(), rows, &bind) {
            found.extend(query.fetch_all(conn).await?);
        }
        Ok(found)
    }

    /// As few queries as `rows` need on `engine`, each with how many of them it takes.
    pub(crate) fn queries<T>(
        &'static self,
        engine: Engine,
        rows: &[T],
        bind: impl Fn(Query, &T) -> Query,
    ) -> Vec<(Query, usize)> {
        let mut queries = Vec::new();
        let mut rest = rows;
        while !rest.is_empty() {
            let (run, later) = rest.split_at(run_length(engine, rest.len()));
            let query = Query {
                what: What::Many(Rows::new(self, run.len())),
                args: Vec::with_capacity(run.len() * self.columns.len()),
            };
            queries.push((run.iter().fold(query, &bind), run.len()));
            rest = later;
        }
        queries
    }
}

/// How many of `left` rows go in one query.
fn run_length(engine: Engine, left: usize) -> usize {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => RUNS.into_iter().find(|length| *length <= left).unwrap_or(left),
        #[cfg(feature = "postgres")]
        Engine::Postgres => left,
    }
}

impl Rows {
    #[cfg_attr(not(feature = "sqlite"), expect(unused_variables, reason = "one text fits any number of rows"))]
    const fn new(statement: &'static Many, count: usize) -> Self {
        Self {
            statement,
            #[cfg(feature = "sqlite")]
            count,
        }
    }

    /// The text for so many rows.
    pub(super) fn text(self, engine: Engine) -> &'static str {
        let Many { template, columns, .. } = self.statement;
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {
                let text = |rows| render(&template.replace("{rows}", &values(rows, columns.len())), engine);
                let texts = self.statement.runs.get_or_init(|| RUNS.map(text));
                let place = RUNS.iter().position(|length| *length == self.count).unwrap_or(RUNS.len() - 1);
                &texts[place]
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let text = || render(&template.replace("{rows}", &arrays(columns, 1)), engine);
                self.statement.whole.of(engine, text)
            }
        }
    }

    /// The text for Postgres as a part of another, in which the numbers of its arguments begin with `first`.
    #[cfg(feature = "postgres")]
    pub(super) fn part(self, first: usize) -> String {
        let Many { template, columns, .. } = self.statement;
        render(&template.replace("{rows}", &arrays(columns, first)), Engine::Postgres)
    }
}

/// Rows as SQLite takes them. Placeholders have no numbers: it looks a number up in a list, which takes
/// its time with hundreds of them.
#[cfg(feature = "sqlite")]
fn values(rows: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(", "));
    format!("VALUES {}", vec![row; rows].join(", "))
}

/// Rows as Postgres takes them: an array for each column, so that one text fits any number of rows.
#[cfg(feature = "postgres")]
fn arrays(columns: &[Column], first: usize) -> String {
    let each = |make: &dyn Fn(usize, &Column) -> String| {
        columns.iter().enumerate().map(|(place, column)| make(place, column)).collect::<Vec<_>>().join(", ")
    };
    let array = |place: usize, column: &Column| {
        let of = match column {
            Column::Number => "bigint",
            Column::Text => "text",
            Column::Octets => "bytea",
        };
        format!("${}::{of}[]", first + place)
    };
    let names = each(&|place, _| format!("column{}", place + 1));
    format!("SELECT * FROM unnest({}) AS r ({names})", each(&array))
}

#[cfg(test)]
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod tests {
    use super::*;

    static PAIRS: Many = Many::new("INSERT INTO t {rows}", &[Column::Number, Column::Text]);

    #[test]
    fn rows_are_values_or_arrays() {
        let texts = PAIRS.texts(Engine::Sqlite);
        assert_eq!(texts[5..], ["INSERT INTO t VALUES (?, ?), (?, ?)", "INSERT INTO t VALUES (?, ?)"]);
        let array = "INSERT INTO t SELECT * FROM unnest($1::bigint[], $2::text[]) AS r (column1, column2)";
        assert_eq!(PAIRS.texts(Engine::Postgres), [array]);
    }

    #[test]
    fn every_row_is_in_one_run() {
        for count in 0..200 {
            let rows: Vec<i64> = (0..count).collect();
            for engine in Engine::ALL {
                let queries = PAIRS.queries(*engine, &rows, |query, row| query.bind(*row).bind("x"));
                assert_eq!(queries.iter().map(|(_, count)| count).sum::<usize>(), rows.len());
                assert!(queries.iter().all(|(query, count)| query.args.len() == 2 * count));
                assert!(*engine == Engine::Sqlite || queries.len() <= 1);
            }
        }
    }
}
