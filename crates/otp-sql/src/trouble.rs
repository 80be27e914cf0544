//! Errors on their way to a [`Fault`].

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use otp_core::fault::{Fault, FaultKind};
use sqlx::error::DatabaseError;

/// Why a statement, a row or a whole batch came to nothing. Cloned, because a batch tells each of its
/// members; holds no value of any row, because operators read it.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    kind: FaultKind,
    /// Whether another node was on the same rows at the same time: the same again may work at once.
    conflict: bool,
    /// Whether it was the connection, and not what the engine said on it.
    of_connection: bool,
    /// Whether the connection is gone.
    hung_up: bool,
    source: Arc<dyn Error + Send + Sync>,
}

/// What a statement answers.
pub(crate) type Tried<T> = Result<T, Trouble>;

/// A reason that no library gave.
#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("{0}")]
    Plain(&'static str),
    #[error("column `{0}` does not read back")]
    Unreadable(&'static str),
}

impl Trouble {
    pub(crate) fn new(kind: FaultKind, source: impl Error + Send + Sync + 'static) -> Self {
        Self { kind, conflict: false, of_connection: false, hung_up: false, source: Arc::new(source) }
    }

    /// A row is not as it was when it was read: another node was quicker.
    pub(crate) fn conflict() -> Self {
        Self { conflict: true, ..Self::unavailable("another node writes the same rows all the time") }
    }

    /// Whether to try again at once.
    pub(crate) const fn is_conflict(&self) -> bool {
        self.conflict
    }

    /// What is stored is not what was written.
    pub(crate) fn corrupt(reason: &'static str) -> Self {
        Self::new(FaultKind::Corrupt, Reason::Plain(reason))
    }

    /// A column holds what was never written to it. Its content is not told.
    pub(crate) fn unreadable(column: &'static str) -> Self {
        Self::new(FaultKind::Corrupt, Reason::Unreadable(column))
    }

    /// Nobody is there to do it.
    pub(crate) fn unavailable(reason: &'static str) -> Self {
        Self::new(FaultKind::Unavailable, Reason::Plain(reason))
    }

    /// A human has to act.
    pub(crate) fn misconfigured(reason: &'static str) -> Self {
        Self::new(FaultKind::Misconfigured, Reason::Plain(reason))
    }

    /// What kind of trouble it is.
    pub(crate) fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Whether the connection may be of no use any more.
    pub(crate) const fn is_of_connection(&self) -> bool {
        self.of_connection
    }

    /// Whether the other side has ended the connection: on a new one the same may work.
    pub(crate) const fn is_hang_up(&self) -> bool {
        self.hung_up
    }

    /// As the verb `op` answers it.
    pub(crate) fn fault(&self, op: &'static str) -> Fault {
        let source = self.source.clone();
        match self.kind {
            FaultKind::Unavailable => Fault::unavailable(op, source),
            FaultKind::Corrupt => Fault::corrupt(op, source),
            FaultKind::Misconfigured => Fault::misconfigured(op, source),
            FaultKind::Denied => Fault::denied(op, source),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        let conflict = error.as_database_error().is_some_and(|error| error.code().is_some_and(|code| meets(&code)));
        let of_connection = error.as_database_error().is_none() || kind_of(&error) == FaultKind::Unavailable;
        let hung_up = match error.as_database_error() {
            Some(error) => error.code().is_some_and(|code| hangs_up(&code)),
            None => matches!(error, sqlx::Error::Io(_)),
        };
        Self { conflict, of_connection, hung_up, ..Self::new(kind_of(&error), error) }
    }
}

/// Serialization failure and deadlock, as Postgres calls them; SQLite has no codes like these.
fn meets(code: &str) -> bool {
    matches!(code, "40001" | "40P01")
}

/// What Postgres says last on a connection: it is shut down, one of its processes has crashed, or the
/// connection was idle for too long. SQLite has no codes like these.
fn hangs_up(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P05" | "25P03")
}

fn kind_of(error: &sqlx::Error) -> FaultKind {
    use sqlx::Error::{
        ColumnDecode, ColumnIndexOutOfBounds, ColumnNotFound, Configuration, Decode, Encode, Migrate, RowNotFound,
        TypeNotFound,
    };
    if let Some(error) = error.as_database_error() {
        return database_kind(error);
    }
    let misconfigured = matches!(error, Configuration(_) | Migrate(_));
    let unreadable = matches!(
        error,
        RowNotFound
            | TypeNotFound { .. }
            | ColumnIndexOutOfBounds { .. }
            | ColumnNotFound(_)
            | ColumnDecode { .. }
            | Encode(_)
            | Decode(_)
    );
    match (misconfigured, unreadable) {
        (true, _) => FaultKind::Misconfigured,
        (_, true) => FaultKind::Corrupt,
        // Worker, file and protocol: all that may work again later.
        (false, false) => FaultKind::Unavailable,
    }
}

fn database_kind(error: &dyn DatabaseError) -> FaultKind {
    let code = error.code().unwrap_or_default();
    #[cfg(feature = "postgres")]
    if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        return postgres_kind(&code);
    }
    #[cfg(feature = "sqlite")]
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return sqlite_kind(code.parse().unwrap_or(0));
    }
    FaultKind::Corrupt
}

/// By the class of its SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
#[cfg(feature = "postgres")]
fn postgres_kind(code: &str) -> FaultKind {
    match (code, code.get(..2).unwrap_or_default()) {
        // The server only reads: it was the primary once, or is not yet.
        ("25006", _) => FaultKind::Unavailable,
        // Connection, transaction state and rollback, resources, operator's intervention, system error.
        (_, "08" | "25" | "40" | "53" | "55" | "57" | "58") => FaultKind::Unavailable,
        // No such password, role or privilege.
        (_, "28") | ("42501", _) => FaultKind::Denied,
        // No such database or schema, syntax, no such table or column; configuration.
        (_, "3D" | "3F" | "42" | "F0") => FaultKind::Misconfigured,
        // Constraints, data, and what else should never happen.
        _ => FaultKind::Corrupt,
    }
}

/// By the primary result code, <https://sqlite.org/rescode.html>.
#[cfg(feature = "sqlite")]
fn sqlite_kind(extended: i32) -> FaultKind {
    match extended & 0xff {
        // BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL.
        5 | 6 | 7 | 9 | 10 | 13 | 14 | 15 => FaultKind::Unavailable,
        // PERM, READONLY, AUTH.
        3 | 8 | 23 => FaultKind::Denied,
        // ERROR (no such table), SCHEMA.
        1 | 17 => FaultKind::Misconfigured,
        // CONSTRAINT, MISMATCH, CORRUPT, NOTADB and what else should never happen.
        _ => FaultKind::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sqlite")]
    #[test]
    fn what_may_pass_is_told_from_what_does_not() {
        let busy_snapshot = 5 | (2 << 8);
        assert_eq!(sqlite_kind(busy_snapshot), FaultKind::Unavailable);
        assert_eq!(sqlite_kind(13), FaultKind::Unavailable);
        assert_eq!(sqlite_kind(1), FaultKind::Misconfigured);
        assert_eq!(sqlite_kind(8), FaultKind::Denied);
        let unique = 19 | (8 << 8);
        assert_eq!(sqlite_kind(unique), FaultKind::Corrupt);
        assert_eq!(kind_of(&sqlx::Error::WorkerCrashed), FaultKind::Unavailable);
        assert_eq!(kind_of(&sqlx::Error::RowNotFound), FaultKind::Corrupt);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_server_that_goes_is_told_from_one_that_refuses() {
        let going = ["57P01", "57P03", "53300", "55P03", "25006", "40P01", "08006", "57014"];
        assert!(going.into_iter().all(|code| postgres_kind(code) == FaultKind::Unavailable));
        assert!(["28P01", "42501"].into_iter().all(|code| postgres_kind(code) == FaultKind::Denied));
        assert!(["3D000", "42P01"].into_iter().all(|code| postgres_kind(code) == FaultKind::Misconfigured));
        assert!(["23505", "22021", "XX001"].into_iter().all(|code| postgres_kind(code) == FaultKind::Corrupt));
        assert!(meets("40P01") && meets("40001") && !meets("55P03"));
        assert!(hangs_up("57P01") && !hangs_up("57014"), "a statement that took too long would only do so again");
    }

    #[test]
    fn a_fault_keeps_its_cause() {
        let fault = Trouble::unreadable("log").fault("sql.open");
        assert_eq!(fault.to_string(), "sql.open: corrupt");
        assert_eq!(fault.source().map(ToString::to_string).as_deref(), Some("column `log` does not read back"));
    }
}
