//! The figures of one span of time.

use crate::effect::Counter;

/// What happened within a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Codes issued or sent again.
    pub otp_requests: u64,
    /// Verify calls that got an answer on a code.
    pub otp_verifications: u64,
    /// Those whose code was right.
    pub successful_logins: u64,
    /// Mails a provider took.
    pub emails_sent: u64,
    /// Mails given up.
    pub emails_failed: u64,
    /// Users who signed in for the first time.
    pub new_users: u64,
    /// Calls of whatever route.
    pub api_calls: u64,
    /// Calls answered with an error.
    pub api_errors: u64,
    /// How long calls took altogether, in microseconds.
    pub response_micros: u64,
}

impl Metrics {
    /// Adds `count` of `counter`.
    pub(super) const fn add(&mut self, counter: Counter, count: u64) {
        let member = match counter {
            Counter::OtpRequests => &mut self.otp_requests,
            Counter::OtpVerifications => &mut self.otp_verifications,
            Counter::SuccessfulLogins => &mut self.successful_logins,
            Counter::EmailsSent => &mut self.emails_sent,
            Counter::EmailsFailed => &mut self.emails_failed,
            Counter::NewUsers => &mut self.new_users,
            Counter::ApiCalls => &mut self.api_calls,
            Counter::ApiErrors => &mut self.api_errors,
            Counter::ResponseMicros => &mut self.response_micros,
            // Not shown: a code that was dead by then, and a recipient strangers had written to too often.
            Counter::EmailsDropped | Counter::EmailsMuted => return,
        };
        *member = member.saturating_add(count);
    }

    /// Verify calls whose code opened nothing.
    pub const fn failed_attempts(&self) -> u64 {
        self.otp_verifications.saturating_sub(self.successful_logins)
    }

    /// Successful logins of a hundred requests, with two decimals; 0 when there were none.
    pub fn success_rate(&self) -> f64 {
        percent(self.successful_logins, self.otp_requests)
    }

    /// Errors of a hundred calls, with two decimals; 0 when there were none.
    pub fn error_rate(&self) -> f64 {
        percent(self.api_errors, self.api_calls)
    }

    /// How long a call took on average, in milliseconds with two decimals; 0 when there were none.
    pub fn avg_response_time_ms(&self) -> f64 {
        milliseconds(self.response_micros, self.api_calls)
    }
}

/// `part` of a hundred `whole`, rounded to two decimals; 0 of nothing.
fn percent(part: u64, whole: u64) -> f64 {
    rounded(u128::from(part) * 10_000, whole)
}

/// `micros` over `count`, in milliseconds rounded to two decimals; 0 of nothing.
pub(super) fn milliseconds(micros: u64, count: u64) -> f64 {
    rounded(u128::from(micros), count.saturating_mul(10))
}

/// A hundredth of `of / whole`, of which the last digit is rounded.
fn rounded(of: u128, whole: u64) -> f64 {
    let whole = u128::from(whole);
    let hundredths = (of + whole / 2).checked_div(whole).unwrap_or(0);
    // Exact up to 2^53 hundredths.
    hundredths as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_two_decimals() {
        let metrics =
            |successful_logins, otp_requests| Metrics { successful_logins, otp_requests, ..Default::default() };
        assert_eq!(metrics(1, 3).success_rate(), 33.33);
        assert_eq!(metrics(2, 3).success_rate(), 66.67);
        assert_eq!(metrics(5, 5).success_rate(), 100.0);
        assert_eq!(metrics(0, 0).success_rate(), 0.0);
        assert_eq!(metrics(3, 2).success_rate(), 150.0, "codes sent before midnight, entered after it");
        assert_eq!(milliseconds(1_234_567, 1), 1234.57);
        assert_eq!(milliseconds(1_000, 0), 0.0);
    }
}
