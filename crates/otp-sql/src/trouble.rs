//! Errors on their way to a [`Fault`].

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use otp_core::fault::{Fault, FaultKind};

/// Why a statement, a row or a whole batch came to nothing. Cloned, because a batch tells each of its
/// members; holds no value of any row, because operators read it.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    kind: FaultKind,
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
        Self { kind, source: Arc::new(source) }
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

    /// As the verb `op` answers it.
    pub(crate) fn fault(&self, op: &'static str) -> Fault {
        let source = self.source.clone();
        match self.kind {
            FaultKind::Unavailable => Fault::unavailable(op, source),
            FaultKind::Corrupt => Fault::corrupt(op, source),
            FaultKind::Misconfigured => Fault::misconfigured(op, source),
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
        Self::new(kind_of(&error), error)
    }
}

fn kind_of(error: &sqlx::Error) -> FaultKind {
    use sqlx::Error::{
        ColumnDecode, ColumnIndexOutOfBounds, ColumnNotFound, Configuration, Decode, Encode, Migrate, RowNotFound,
        TypeNotFound,
    };
    if let Some(error) = error.as_database_error() {
        return sqlite_kind(error.code().and_then(|code| code.parse().ok()).unwrap_or(0));
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

/// By the primary result code, <https://sqlite.org/rescode.html>.
fn sqlite_kind(extended: i32) -> FaultKind {
    match extended & 0xff {
        // BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL.
        5 | 6 | 7 | 9 | 10 | 13 | 14 | 15 => FaultKind::Unavailable,
        // ERROR (no such table), PERM, READONLY, SCHEMA, AUTH.
        1 | 3 | 8 | 17 | 23 => FaultKind::Misconfigured,
        // CONSTRAINT, MISMATCH, CORRUPT, NOTADB and what else should never happen.
        _ => FaultKind::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_does_not() {
        let busy_snapshot = 5 | (2 << 8);
        assert_eq!(sqlite_kind(busy_snapshot), FaultKind::Unavailable);
        assert_eq!(sqlite_kind(13), FaultKind::Unavailable);
        assert_eq!(sqlite_kind(1), FaultKind::Misconfigured);
        let unique = 19 | (8 << 8);
        assert_eq!(sqlite_kind(unique), FaultKind::Corrupt);
        assert_eq!(kind_of(&sqlx::Error::WorkerCrashed), FaultKind::Unavailable);
        assert_eq!(kind_of(&sqlx::Error::RowNotFound), FaultKind::Corrupt);
    }

    #[test]
    fn a_fault_keeps_its_cause() {
        let fault = Trouble::unreadable("log").fault("sql.open");
        assert_eq!(fault.to_string(), "sql.open: corrupt");
        assert_eq!(fault.source().map(ToString::to_string).as_deref(), Some("column `log` does not read back"));
    }
}
