//! Pages of a list: how many there are on one, and where it ends.

use crate::call::Form;
use crate::problem::Flaw;

/// Entries on a page unless the caller says otherwise.
const PAGE: usize = 50;

/// How many entries the caller wants: the parameter `limit`.
pub(super) fn limit(form: &mut Form<'_>) -> usize {
    form.parameter("limit", read).unwrap_or(PAGE)
}

fn read(text: &str) -> Result<usize, Flaw> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|limit| digits && (1..=100).contains(limit)).ok_or(Flaw::InvalidLimit)
}

/// Cuts `entries`, of which one more was read than there is room for, and answers the cursor of the last if there are more.
pub(super) fn cut<T>(entries: &mut Vec<T>, limit: usize, cursor: impl FnOnce(&T) -> String) -> Option<String> {
    let more = entries.len() > limit;
    entries.truncate(limit);
    entries.last().filter(|_| more).map(cursor)
}
