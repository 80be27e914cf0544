//! What was found, and how it is told.

use otp_wire::process::Failure;
use serde::Serialize;

use crate::output;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Check {
    Config,
    Clock,
    Database,
    Key,
    Kv,
    Mail,
    Proxy,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    Warning,
    Error,
}

/// What was found there.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    check: Check,
    pub(super) status: Status,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: Check, detail: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, detail: detail.into(), fix: None }
    }

    pub(super) fn warning(check: Check, detail: impl Into<String>) -> Self {
        Self { status: Status::Warning, ..Self::ok(check, detail) }
    }

    pub(super) fn error(check: Check, detail: impl Into<String>) -> Self {
        Self { status: Status::Error, ..Self::ok(check, detail) }
    }

    /// With what to do about it.
    pub(super) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// Tells `findings`: as JSON, or as a table.
pub(super) fn print(findings: &[Finding], json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(findings).map_err(|error| Failure::Failed(error.to_string()))?;
        return output::line(text);
    }
    for finding in findings {
        output::line(row(finding))?;
    }
    Ok(())
}

/// A finding as rows of a table; what to do about it stands below.
fn row(finding: &Finding) -> String {
    let Finding { check, status, detail, fix } = finding;
    let check = match check {
        Check::Config => "config",
        Check::Clock => "clock",
        Check::Database => "database",
        Check::Key => "key",
        Check::Kv => "kv",
        Check::Mail => "mail",
        Check::Proxy => "proxy",
    };
    let status = match status {
        Status::Ok => "ok",
        Status::Warning => "warning",
        Status::Error => "error",
    };
    // A cause may have lines of its own.
    let detail = detail.replace('\n', "\n                    ");
    let row = format!("{check:<10}{status:<10}{detail}");
    match fix {
        Some(fix) => format!("{row}\n{:<20}fix: {fix}", ""),
        None => row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_columns_and_says_what_to_do_below() {
        let fine = Finding::ok(Check::Kv, "fine");
        assert_eq!(row(&fine), "kv        ok        fine");
        let wrong = Finding::error(Check::Database, "one\ntwo").fix("do it");
        let rows = ["database  error     one", "                    two", "                    fix: do it"];
        assert_eq!(row(&wrong), rows.join("\n"));
    }
}
