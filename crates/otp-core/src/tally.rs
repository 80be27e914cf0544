//! What is counted for whoever runs the service: what became of calls and mails, and never whose they were.
//!
//! Counts go to the recorder that the process has set for the crate `metrics`, and nowhere if it has set none.

use metrics::counter;

use crate::limit::Rule;
use crate::otp::{Issued, RequestError, Verified, VerifyError};

/// What may become of a request for a code.
const REQUESTS: [&str; 7] =
    ["admitted", "replayed", "rate_limited", "quota_exceeded", "blocked", "idempotency_mismatch", "fault"];

/// What may become of a code presented.
const VERIFICATIONS: [&str; 8] =
    ["right", "wrong", "expired", "exhausted", "rate_limited", "user_limit", "malformed", "fault"];

/// What may refuse.
const REFUSING: [Rule; 10] = [
    Rule::EmailHour,
    Rule::EmailDay,
    Rule::ClientHour,
    Rule::ClientWrongHour,
    Rule::RecipientHour,
    Rule::SignupEmail,
    Rule::SignupClient,
    Rule::Resend,
    Rule::QuotaDay,
    Rule::QuotaMonth,
];

/// Begins every count at nought. One that is first seen when it is at one has, to whoever looks for rises, never risen.
pub fn begin() {
    for outcome in REQUESTS {
        counter!("otp_requests_total", "outcome" => outcome).increment(0);
    }
    for outcome in VERIFICATIONS {
        counter!("otp_verifications_total", "outcome" => outcome).increment(0);
    }
    for rule in REFUSING {
        refusals(rule, 0);
    }
    counter!("otp_mails_given_up_total").increment(0);
    counter!("otp_mails_muted_total").increment(0);
}

/// Somebody asked for a code.
pub(crate) fn requested(answer: &Result<Issued, RequestError>) {
    counter!("otp_requests_total", "outcome" => of_request(answer)).increment(1);
}

/// Somebody presented a code.
pub(crate) fn verified(answer: &Result<Verified, VerifyError>) {
    counter!("otp_verifications_total", "outcome" => of_verification(answer)).increment(1);
}

/// The limit or quota of `rule` refused.
pub(crate) fn refused(rule: Rule) {
    refusals(rule, 1);
}

/// A mail was given up: its recipient cannot get it, or nobody has taken it in time.
pub(crate) fn gave_up() {
    counter!("otp_mails_given_up_total").increment(1);
}

/// A mail was not sent because strangers had sent that recipient too many.
pub(crate) fn muted() {
    counter!("otp_mails_muted_total").increment(1);
}

fn refusals(rule: Rule, more: u64) {
    let count = if rule.is_quota() {
        counter!("otp_quotas_refused_total", "rule" => rule.as_str())
    } else {
        counter!("otp_limits_refused_total", "rule" => rule.as_str())
    };
    count.increment(more);
}

const fn of_request(answer: &Result<Issued, RequestError>) -> &'static str {
    match answer {
        Ok(Issued { replayed: false, .. }) => "admitted",
        Ok(Issued { replayed: true, .. }) => "replayed",
        Err(RequestError::RateLimited(_)) => "rate_limited",
        Err(RequestError::QuotaExceeded(_)) => "quota_exceeded",
        Err(RequestError::Blocked) => "blocked",
        // Only of a request that was not made yet.
        Err(RequestError::InvalidEmail(_)) => "invalid_email",
        Err(RequestError::IdempotencyMismatch) => "idempotency_mismatch",
        Err(RequestError::Fault(_)) => "fault",
    }
}

const fn of_verification(answer: &Result<Verified, VerifyError>) -> &'static str {
    match answer {
        Ok(_) => "right",
        Err(VerifyError::Invalid { .. }) => "wrong",
        Err(VerifyError::Expired) => "expired",
        Err(VerifyError::Exhausted) => "exhausted",
        Err(VerifyError::RateLimited(_)) => "rate_limited",
        Err(VerifyError::UserLimitReached) => "user_limit",
        Err(VerifyError::InvalidFormat { .. }) => "malformed",
        Err(VerifyError::Fault(_)) => "fault",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, FaultKind};
    use crate::limit::{HOUR, Usage, Window};
    use crate::otp::RateLimited;
    use crate::time::Timestamp;

    fn limited() -> Box<RateLimited> {
        let now = Timestamp::from_millis(0);
        let by = Usage { rule: Rule::EmailHour, limit: 0, window: Window::Sliding(HOUR), drawn: 0, resets_at: now };
        Box::new(RateLimited { by, usage: vec![by], now })
    }

    #[test]
    fn every_failure_has_an_outcome_of_its_own_that_begins_at_nought() {
        let fault = || Fault::new(FaultKind::Unavailable, "test");
        let of_requests = [
            RequestError::RateLimited(limited()),
            RequestError::QuotaExceeded(limited()),
            RequestError::Blocked,
            RequestError::IdempotencyMismatch,
            RequestError::Fault(fault()),
        ]
        .map(|error| of_request(&Err(error)));
        assert_eq!(of_requests, REQUESTS[2..]);
        let of_verifications = [
            VerifyError::Invalid { remaining: 1 },
            VerifyError::Expired,
            VerifyError::Exhausted,
            VerifyError::RateLimited(limited()),
            VerifyError::UserLimitReached,
            VerifyError::InvalidFormat { expected: 9 },
            VerifyError::Fault(fault()),
        ]
        .map(|error| of_verification(&Err(error)));
        assert_eq!(of_verifications, VERIFICATIONS[1..]);
    }
}
