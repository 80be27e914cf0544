//! Points and spans of time as the domain knows them: whole milliseconds of UTC.

use std::fmt;
use std::time::Duration;

use jiff::Span;
use jiff::civil::Time;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Shown as RFC 3339 in UTC with milliseconds. Arithmetic saturates, so no clock however wrong
/// can make it panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down: the `NumericDate` of RFC 7519, section 2.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This point moved later by `span`.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This point moved earlier by `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long until `later`; zero if that has passed.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// The start of the minute this point lies in.
    #[must_use]
    pub fn minute(self) -> Self {
        self.floor(60_000)
    }

    /// The start of the UTC hour this point lies in.
    #[must_use]
    pub fn hour(self) -> Self {
        self.floor(3_600_000)
    }

    /// The start of the UTC day this point lies in.
    #[must_use]
    pub fn day(self) -> Self {
        self.floor(DAY)
    }

    /// The start of the next UTC day.
    #[must_use]
    pub fn next_day(self) -> Self {
        Self(self.day().0.saturating_add(DAY))
    }

    /// The start of the UTC month this point lies in; beyond the calendar, which ends with the year 9999, this point.
    #[must_use]
    pub fn month(self) -> Self {
        self.first_of_month(0).unwrap_or(self)
    }

    /// The start of the next UTC month; beyond the calendar, this point.
    #[must_use]
    pub fn next_month(self) -> Self {
        self.first_of_month(1).unwrap_or(self)
    }

    fn floor(self, span: i64) -> Self {
        Self(self.0.div_euclid(span).saturating_mul(span))
    }

    fn first_of_month(self, months_later: i64) -> Option<Self> {
        let here = Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(self.0).ok()?);
        let first = here.date().first_of_month().checked_add(Span::new().months(months_later)).ok()?;
        Offset::UTC.to_timestamp(first.to_datetime(Time::midnight())).ok().map(|at| Self(at.as_millisecond()))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => f.write_str("(out of range)"),
        }
    }
}

/// The text is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a point in time, as RFC 3339 writes it")]
pub struct InvalidTimestamp;

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339, with any offset; what is finer than a millisecond is dropped.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse::<jiff::Timestamp>().map(|at| Self(at.as_millisecond())).map_err(|_| InvalidTimestamp)
    }
}

/// `span` in whole seconds, rounded up: what `Retry-After` and its kin want, so that who waits that
/// long is never too early.
pub fn ceil_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_rfc_3339_with_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_700_000_000_120).to_string(), "2023-11-14T22:13:20.120Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "(out of range)");
    }

    #[test]
    fn hours_are_floored_on_both_sides_of_the_epoch() {
        assert_eq!(Timestamp::from_millis(3_600_001).hour().as_millis(), 3_600_000);
        assert_eq!(Timestamp::from_millis(-1).hour().as_millis(), -3_600_000);
    }

    #[test]
    fn days_and_months_are_those_of_utc() {
        let at = |text: &str| Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        for (now, day, next_day, month, next_month) in [
            ("2023-11-14T22:13:20Z", "2023-11-14T00Z", "2023-11-15T00Z", "2023-11-01T00Z", "2023-12-01T00Z"),
            ("2024-02-29T23:59:59.999Z", "2024-02-29T00Z", "2024-03-01T00Z", "2024-02-01T00Z", "2024-03-01T00Z"),
            ("2023-12-31T00:00:00Z", "2023-12-31T00Z", "2024-01-01T00Z", "2023-12-01T00Z", "2024-01-01T00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T00Z", "1970-01-01T00Z", "1969-12-01T00Z", "1970-01-01T00Z"),
        ] {
            let now = at(now);
            assert_eq!([now.day(), now.next_day()], [day, next_day].map(at));
            assert_eq!([now.month(), now.next_month()], [month, next_month].map(at));
        }
        for now in [i64::MIN, i64::MAX].map(Timestamp::from_millis) {
            assert_eq!([now.month(), now.next_month()], [now; 2], "no calendar reaches there");
            assert!(now.day() <= now && now <= now.next_day());
        }
    }

    #[test]
    fn seconds_round_up() {
        assert_eq!(ceil_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(ceil_seconds(Duration::from_secs(2)), 2);
    }
}
