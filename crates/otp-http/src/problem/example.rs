//! One answer of each code, for the page that documents it.

use otp_core::limit::Rule;
use serde_json::Value;

use super::{Extra, FieldError, Flaw, Problem, ProblemCode, Written};

/// What a call is named in examples.
const REQUEST_ID: &str = "req_4cM6hXq2fLw0sVnT8pYzJd";

impl Problem {
    /// One answer of `code`, written out.
    pub(crate) fn example(code: ProblemCode, public_url: &str) -> Value {
        let problem = Self::new(code).with(extra(code));
        // Strings and numbers always serialise.
        serde_json::to_value(Written::of(&problem, public_url, REQUEST_ID)).unwrap_or_default()
    }
}

/// What it carries besides.
fn extra(code: ProblemCode) -> Extra {
    if code == ProblemCode::InvalidRequest {
        Extra::Errors { errors: vec![FieldError::new("/email", Flaw::InvalidEmail)] }
    } else if code == ProblemCode::OtpInvalid {
        Extra::Attempts { remaining_attempts: 4 }
    } else if code == ProblemCode::RateLimited {
        Extra::Limit {
            rule: Rule::EmailHour.as_str(),
            limit: 3,
            window_seconds: 3_600,
            reset_at: "2026-01-31T12:34:56.789Z".to_owned(),
        }
    } else if code == ProblemCode::QuotaExceeded {
        Extra::Quota { reason: "daily_quota_exceeded", quota: 50, usage: 50 }
    } else {
        Extra::Nothing {}
    }
}
