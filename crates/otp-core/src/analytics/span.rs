//! Spans of the calendar that what was counted is added up by.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limit::{DAY, HOUR};
use crate::time::Timestamp;

/// How long what was counted is kept by the minute: what asks for the last day finds all of it.
pub const MINUTES_KEPT: Duration = Duration::from_secs(25 * HOUR.as_secs());

/// A span of the UTC calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
}

impl Span {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// As it is written in rows and queries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// How long what was counted is kept by this span; nothing bounds that of months.
    pub const fn kept(self) -> Option<Duration> {
        match self {
            Self::Hour => Some(Duration::from_secs(90 * DAY.as_secs())),
            Self::Day => Some(Duration::from_secs(3 * 365 * DAY.as_secs())),
            Self::Month => None,
        }
    }

    /// When the span `at` lies in begins.
    pub fn start(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Hour => at.hour(),
            Self::Day => at.day(),
            Self::Month => at.month(),
        }
    }

    /// When the span after that begins.
    pub fn next(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Hour => at.hour().plus(HOUR),
            Self::Day => at.next_day(),
            Self::Month => at.next_month(),
        }
    }

    /// When each span begins that begins before `until`, the first being the one `from` lies in. Ends where the calendar does.
    pub fn starts(self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
        let next = move |start: &Timestamp| Some(self.next(*start)).filter(|next| next > start);
        std::iter::successors(Some(self.start(from)), next).take_while(move |start| *start < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(span: Span, from: &str, until: &str) -> Vec<String> {
        let at = |text: &str| text.parse().unwrap();
        span.starts(at(from), at(until)).map(|start| start.to_string()[..13].to_owned()).collect()
    }

    #[test]
    fn spans_are_those_of_the_calendar() {
        assert_eq!(
            starts(Span::Hour, "2024-02-28T22:59:59.999Z", "2024-02-29T01:00:00Z"),
            ["2024-02-28T22", "2024-02-28T23", "2024-02-29T00"]
        );
        assert_eq!(
            starts(Span::Day, "2024-02-28T12:00:00Z", "2024-03-01T00:00:00.001Z"),
            ["2024-02-28T00", "2024-02-29T00", "2024-03-01T00"]
        );
        assert_eq!(
            starts(Span::Month, "2023-12-31T23:00:00Z", "2024-02-01T00:00:00Z"),
            ["2023-12-01T00", "2024-01-01T00"]
        );
        assert_eq!(starts(Span::Day, "2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z"), [""; 0]);
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(Span::Month.starts(end, end).count(), 0);
        assert!(Span::Month.starts(end.minus(HOUR), end).count() <= 1, "beyond the calendar there is no next month");
    }
}
