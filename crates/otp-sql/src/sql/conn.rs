//! A connection to either engine, and the rows it answers.

use sqlx::{Connection, Executor, Row as _, ValueRef as _};

#[cfg(feature = "postgres")]
use super::many::Rows;
use super::query::What;
use super::{Arg, Engine, Query};
use crate::trouble::Tried;

/// A connection.
pub(crate) enum Conn {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgConnection),
}

/// A row of an answer.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
}

/// The same to a connection or row of whichever engine.
macro_rules! either {
    ($type:ident, $value:expr, $inner:ident => $do:expr) => {
        match $value {
            #[cfg(feature = "sqlite")]
            $type::Sqlite($inner) => $do,
            #[cfg(feature = "postgres")]
            $type::Postgres($inner) => $do,
        }
    };
}

/// A statement of the driver, with the arguments of ours.
macro_rules! prepared {
    ($query:expr, $engine:expr, $bind:ident) => {{
        let Query { what, args } = $query;
        let text = match what {
            What::One(text) => text.on($engine),
            What::Many(rows) => rows.text($engine),
        };
        $bind(sqlx::query(text), what, args)
    }};
}

impl Conn {
    /// Which engine it is to.
    pub(crate) const fn engine(&self) -> Engine {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `query`; answers how many rows it wrote.
    pub(super) async fn execute(&mut self, query: Query) -> Tried<u64> {
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => prepared!(query, Engine::Sqlite, in_order).execute(conn).await?.rows_affected(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => prepared!(query, Engine::Postgres, by_column).execute(conn).await?.rows_affected(),
        })
    }

    /// Runs `queries` in their order; answers how many rows each wrote. On Postgres they go as one statement.
    pub(super) async fn execute_all(&mut self, queries: Vec<Query>) -> Tried<Vec<u64>> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) if queries.len() > 1 => as_one(conn, queries).await,
            _ => {
                let mut written = Vec::with_capacity(queries.len());
                for query in queries {
                    written.push(self.execute(query).await?);
                }
                Ok(written)
            }
        }
    }

    /// All rows of the answer to `query`.
    pub(super) async fn fetch_all(&mut self, query: Query) -> Tried<Vec<Row>> {
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => {
                let rows = prepared!(query, Engine::Sqlite, in_order).fetch_all(conn).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => {
                let rows = prepared!(query, Engine::Postgres, by_column).fetch_all(conn).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a text that takes no arguments, without preparing it: transactions begin and end so, and
    /// sessions are set up.
    pub(crate) async fn run(&mut self, text: &'static str) -> Tried<()> {
        either!(Self, self, conn => conn.execute(sqlx::raw_sql(text)).await.map(drop)?);
        Ok(())
    }

    /// Ends the connection in good order.
    pub(crate) async fn close(self) -> Tried<()> {
        Ok(either!(Self, self, conn => conn.close().await)?)
    }
}

#[cfg(feature = "sqlite")]
type SqliteQuery = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;
#[cfg(feature = "postgres")]
type PgQuery = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// SQLite takes arguments one after the other, those of many rows too.
#[cfg(feature = "sqlite")]
fn in_order(query: SqliteQuery, _: What, args: Vec<Arg>) -> SqliteQuery {
    args.into_iter().fold(query, |query, arg| match arg {
        Arg::Number(number) => query.bind(number),
        Arg::Text(text) => query.bind(text),
        Arg::Octets(octets) => query.bind(octets),
    })
}

/// Runs `queries` over rows as one statement. A column of the answer asks for each, so they are run, and rows
/// are locked, in their order.
#[cfg(feature = "postgres")]
async fn as_one(conn: &mut sqlx::PgConnection, queries: Vec<Query>) -> Tried<Vec<u64>> {
    let (mut parts, mut counts, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
    for (place, Query { what, args }) in queries.into_iter().enumerate() {
        let What::Many(rows) = what else { continue };
        parts.push(format!("w{place} AS ({} RETURNING 1)", rows.part(arrays.len() + 1)));
        counts.push(format!("(SELECT COUNT(*) FROM w{place})"));
        arrays.extend(columns(rows, args));
    }
    let text = format!("WITH {} SELECT ARRAY[{}]", parts.join(", "), counts.join(", "));
    let answer = bind_arrays(sqlx::query(sqlx::AssertSqlSafe(text)), arrays).fetch_one(conn).await?;
    let written: Vec<i64> = answer.try_get(0)?;
    Ok(written.into_iter().map(i64::unsigned_abs).collect())
}

/// Postgres takes those of many rows by column.
#[cfg(feature = "postgres")]
fn by_column(query: PgQuery, what: What, args: Vec<Arg>) -> PgQuery {
    let What::Many(rows) = what else {
        return args.into_iter().fold(query, |query, arg| match arg {
            Arg::Number(number) => query.bind(number),
            Arg::Text(text) => query.bind(text),
            Arg::Octets(octets) => query.bind(octets),
        });
    };
    bind_arrays(query, columns(rows, args))
}

/// The arguments of `rows`, column by column.
#[cfg(feature = "postgres")]
fn columns(rows: Rows, args: Vec<Arg>) -> Vec<Array> {
    let columns = rows.statement.columns();
    let height = args.len() / columns.len();
    let mut arrays: Vec<Array> = columns.iter().map(|column| Array::new(*column, height)).collect();
    for (place, arg) in args.into_iter().enumerate() {
        arrays[place % columns.len()].push(arg);
    }
    arrays
}

#[cfg(feature = "postgres")]
fn bind_arrays(query: PgQuery, arrays: Vec<Array>) -> PgQuery {
    arrays.into_iter().fold(query, |query, array| match array {
        Array::Numbers(numbers) => query.bind(numbers),
        Array::Texts(texts) => query.bind(texts),
        Array::Octets(octets) => query.bind(octets),
    })
}

/// One column of many rows.
#[cfg(feature = "postgres")]
enum Array {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Octets(Vec<Option<Vec<u8>>>),
}

#[cfg(feature = "postgres")]
impl Array {
    fn new(column: super::Column, height: usize) -> Self {
        match column {
            super::Column::Number => Self::Numbers(Vec::with_capacity(height)),
            super::Column::Text => Self::Texts(Vec::with_capacity(height)),
            super::Column::Octets => Self::Octets(Vec::with_capacity(height)),
        }
    }

    /// Adds a value. One of another type than the column's becomes nothing, which no column of ours takes.
    fn push(&mut self, arg: Arg) {
        match (self, arg) {
            (Self::Numbers(numbers), Arg::Number(number)) => numbers.push(number),
            (Self::Texts(texts), Arg::Text(text)) => texts.push(text),
            (Self::Octets(all), Arg::Octets(octets)) => all.push(Some(octets)),
            (Self::Numbers(numbers), _) => numbers.push(None),
            (Self::Texts(texts), _) => texts.push(None),
            (Self::Octets(all), _) => all.push(None),
        }
    }
}

impl Row {
    /// A whole number.
    pub(super) fn i64(&self, column: &str) -> Tried<i64> {
        Ok(either!(Self, self, row => row.try_get(column))?)
    }

    /// A text.
    pub(crate) fn str(&self, column: &str) -> Tried<&str> {
        Ok(either!(Self, self, row => row.try_get(column))?)
    }

    /// Octets.
    pub(super) fn bytes(&self, column: &str) -> Tried<&[u8]> {
        Ok(either!(Self, self, row => row.try_get(column))?)
    }

    /// Whether there is nothing in a column.
    pub(crate) fn is_null(&self, column: &str) -> Tried<bool> {
        Ok(either!(Self, self, row => row.try_get_raw(column)?.is_null()))
    }
}
