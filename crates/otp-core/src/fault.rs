//! The one error every port answers with when it could not do its work.

use std::error::Error;
use std::fmt;

/// What kind of trouble a port is in; decides what the caller may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The other side cannot be reached now; the same call may work later.
    Unavailable,
    /// What is stored cannot be read back as what was written.
    Corrupt,
    /// The set-up is wrong (a master key that opens nothing, a missing migration); a human has to act.
    Misconfigured,
    /// The other side knows us and refuses us: a password, a permission, a file of somebody else's.
    Denied,
}

/// A port could not do its work. Outcomes of the domain are values, never faults.
///
/// A fault fails closed: no mail, no verification, no session follows from it. Its text is for
/// operators; nothing of it is shown to a client.
#[derive(Debug)]
pub struct Fault {
    kind: FaultKind,
    op: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What every port method answers.
pub type Res<T> = Result<T, Fault>;

impl Fault {
    /// A fault of `kind` met in `op` (`"challenge.open"`), with no cause to tell of.
    pub fn new(kind: FaultKind, op: &'static str) -> Self {
        Self { kind, op, source: None }
    }

    /// The store or peer behind `op` did not answer.
    pub fn unavailable(op: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(FaultKind::Unavailable, op).because(source)
    }

    /// What `op` read is not what was once written.
    pub fn corrupt(op: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(FaultKind::Corrupt, op).because(source)
    }

    /// `op` cannot work until a human changes the set-up.
    pub fn misconfigured(op: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(FaultKind::Misconfigured, op).because(source)
    }

    /// The store or peer behind `op` refuses us.
    pub fn denied(op: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(FaultKind::Denied, op).because(source)
    }

    fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The verb that met it.
    pub fn op(&self) -> &'static str {
        self.op
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FaultKind::Unavailable => "unavailable",
            FaultKind::Corrupt => "corrupt",
            FaultKind::Misconfigured => "misconfigured",
            FaultKind::Denied => "denied",
        };
        write!(f, "{}: {kind}", self.op)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}
