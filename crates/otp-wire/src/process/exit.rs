//! How a process ends: an exit code with a meaning, and one message on stderr.

use std::process::ExitCode;

use otp_core::fault::{Fault, FaultKind};
use otp_core::tenants::{AccountError, KeyError, RegisterError};

use crate::config::ConfigError;
use crate::storage::NotExclusive;

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked to.
    Ok,
    /// It did not.
    Failed,
    /// It was not told what to do. These are clap's.
    Usage,
    /// The configuration is wrong or incomplete.
    Configuration,
    /// What was named does not exist.
    NotFound,
    /// A database, a store or a file does not let it in.
    Denied,
    /// Something it depends on does not answer.
    Unreachable,
    /// What was looked at is not as it should be.
    Unwell,
}

impl Exit {
    /// Every one, by its code.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Configuration,
        Self::NotFound,
        Self::Denied,
        Self::Unreachable,
        Self::Unwell,
    ];

    /// What the process answers to whoever started it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::NotFound => 4,
            Self::Denied => 5,
            Self::Unreachable => 6,
            Self::Unwell => 7,
        }
    }

    /// What that means, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::NotFound => "not found",
            Self::Denied => "denied",
            Self::Unreachable => "dependency unreachable",
            Self::Unwell => "doctor found errors",
        }
    }

    /// `exits` on one line, for the help of a program that ends so.
    pub fn told(exits: &[Self]) -> String {
        let exits: Vec<String> = exits.iter().map(|exit| format!("{} {}", exit.code(), exit.meaning())).collect();
        format!("Exit codes: {}.", exits.join(", "))
    }
}

/// Why a process did not do what it was asked to.
#[derive(Debug)]
pub enum Failure {
    /// [`Exit::Failed`].
    Failed(String),
    /// [`Exit::Configuration`].
    Configuration(String),
    /// [`Exit::NotFound`].
    NotFound(String),
    /// [`Exit::Denied`].
    Denied(String),
    /// [`Exit::Unreachable`].
    Unreachable(String),
    /// [`Exit::Unwell`].
    Unwell(String),
}

impl Failure {
    /// Says in the name of `program` what went wrong, and with which code the process ends.
    pub fn report(&self, program: &str) -> ExitCode {
        let (exit, text) = self.parts();
        eprintln!("{program}: {text}");
        ExitCode::from(exit.code())
    }

    /// What went wrong.
    pub fn text(&self) -> &str {
        self.parts().1
    }

    const fn parts(&self) -> (Exit, &String) {
        match self {
            Self::Failed(text) => (Exit::Failed, text),
            Self::Configuration(text) => (Exit::Configuration, text),
            Self::NotFound(text) => (Exit::NotFound, text),
            Self::Denied(text) => (Exit::Denied, text),
            Self::Unreachable(text) => (Exit::Unreachable, text),
            Self::Unwell(text) => (Exit::Unwell, text),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(format!("the configuration is not usable\n{error}"))
    }
}

impl From<NotExclusive> for Failure {
    fn from(error: NotExclusive) -> Self {
        match error {
            NotExclusive::Config(error) => error.into(),
            NotExclusive::Denied(text) => Self::Denied(text),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let cause = std::error::Error::source(&fault).map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = format!("{fault}{cause}");
        match fault.kind() {
            FaultKind::Unavailable => Self::Unreachable(text),
            FaultKind::Misconfigured => Self::Configuration(text),
            FaultKind::Denied => Self::Denied(text),
            FaultKind::Corrupt => Self::Failed(text),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotFound => Self::NotFound(error.to_string()),
            KeyError::NotActive | KeyError::LastKey | KeyError::TooMany => Self::Failed(error.to_string()),
            KeyError::Fault(fault) => fault.into(),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NoTenant(_) => Self::NotFound(error.to_string()),
            AccountError::Cancelled | AccountError::UnknownPlan => Self::Failed(error.to_string()),
            AccountError::Fault(fault) => fault.into(),
        }
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Fault(fault) => fault.into(),
            RegisterError::EmailTaken | RegisterError::UnknownPlan => Self::Failed(error.to_string()),
        }
    }
}
