//! A range of time in a query: `startDate` and `endDate`, both within.

use std::time::Duration;

use otp_core::time::Timestamp;

use crate::call::Form;
use crate::problem::Flaw;

/// A millisecond, the least step of time there is.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// A point in time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Within {
    /// When it begins.
    first: Timestamp,
    /// When it ends: the same, or the last of its day.
    last: Timestamp,
}

/// Both ends of a range, as far as they are given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Range {
    /// Not before.
    pub(super) from: Option<Timestamp>,
    /// Not after.
    pub(super) last: Option<Timestamp>,
}

impl Range {
    /// The range of a query; that it goes forward is checked.
    pub(super) fn read(form: &mut Form<'_>) -> Self {
        let from = form.parameter("startDate", read).map(|within| within.first);
        let last = form.parameter("endDate", read).map(|within| within.last);
        if from.zip(last).is_some_and(|(from, last)| from > last) {
            form.note_parameter("endDate", Flaw::ReversedRange);
        }
        Self { from, last }
    }
}

/// A date, `2026-01-31`, or a point in time as RFC 3339 writes it.
fn read(text: &str) -> Result<Within, Flaw> {
    if text.len() == 10 {
        let first: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| Flaw::InvalidDate)?;
        return Ok(Within { first, last: first.next_day().minus(TICK) });
    }
    // A `+` in a query reads as a space, and stands before an offset only.
    let at = text.replace(' ', "+").parse().map_err(|_| Flaw::InvalidDate)?;
    Ok(Within { first: at, last: at })
}
