//! How a process ends: an exit code with a meaning, and one message on stderr.

use std::process::ExitCode;

use otp_core::fault::{Fault, FaultKind};
use otp_core::tenants::{AccountError, KeyError, RegisterError};

use crate::config::ConfigError;

/// Why a process did not do what it was asked to. Usage errors (exit code 2) are clap's.
#[derive(Debug)]
pub enum Failure {
    /// It failed (1).
    Failed(String),
    /// The configuration is wrong or incomplete (3).
    Configuration(String),
    /// What was named does not exist (4).
    NotFound(String),
    /// Something it depends on cannot be reached (6).
    Unreachable(String),
    /// What was looked at is not as it should be (7).
    Unwell(String),
}

impl Failure {
    /// Says in the name of `program` what went wrong, and with which code the process ends.
    pub fn report(&self, program: &str) -> ExitCode {
        let (code, text) = self.parts();
        eprintln!("{program}: {text}");
        ExitCode::from(code)
    }

    /// What went wrong.
    pub fn text(&self) -> &str {
        self.parts().1
    }

    const fn parts(&self) -> (u8, &String) {
        match self {
            Self::Failed(text) => (1, text),
            Self::Configuration(text) => (3, text),
            Self::NotFound(text) => (4, text),
            Self::Unreachable(text) => (6, text),
            Self::Unwell(text) => (7, text),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(format!("the configuration is not usable\n{error}"))
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let cause = std::error::Error::source(&fault).map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = format!("{fault}{cause}");
        match fault.kind() {
            FaultKind::Unavailable => Self::Unreachable(text),
            FaultKind::Misconfigured => Self::Configuration(text),
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
