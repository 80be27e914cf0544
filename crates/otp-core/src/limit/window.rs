//! Windows: the span of time a limit speaks of.

use std::time::Duration;

use crate::time::Timestamp;

/// The span of time a limit speaks of, and so when its units come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// It slides: each unit comes back exactly this long after it was drawn.
    Sliding(Duration),
    /// The UTC day: all units come back at midnight.
    UtcDay,
    /// The UTC month: all units come back when the next one begins.
    UtcMonth,
}

impl Window {
    /// When a unit drawn at `now` comes back.
    pub fn end(self, now: Timestamp) -> Timestamp {
        self.noted(now).plus(self.after())
    }

    /// How long it is, as of `now`: a month is not always the same.
    pub fn length(self, now: Timestamp) -> Duration {
        match self {
            Self::Sliding(span) => span,
            Self::UtcDay => now.day().until(now.next_day()),
            Self::UtcMonth => now.month().until(now.next_month()),
        }
    }

    /// Which time a log notes of a unit drawn at `now`: when it was drawn; by the calendar, where one
    /// unit comes back with the other, when they do.
    pub fn noted(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Sliding(_) => now,
            Self::UtcDay => now.next_day(),
            Self::UtcMonth => now.next_month(),
        }
    }

    /// How long after the time [noted](Self::noted) of it a unit comes back.
    pub const fn after(self) -> Duration {
        match self {
            Self::Sliding(span) => span,
            Self::UtcDay | Self::UtcMonth => Duration::ZERO,
        }
    }
}
