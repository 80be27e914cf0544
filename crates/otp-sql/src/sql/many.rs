//! One statement over many rows.

use std::sync::OnceLock;

use super::{Conn, Query, Row};
use crate::trouble::{Tried, Trouble};

/// Rows go in runs of these lengths, the longest first. A text per length, so that few texts are
/// prepared, each once, and no number of rows needs a new one; longer runs gain nothing any more.
const RUNS: [usize; 5] = [16, 8, 4, 2, 1];

/// A statement that takes any number of rows: `{rows}` in its text becomes `(?, ?), (?, ?), …`.
///
/// Each call of the engine costs a change of threads, which is more than most rows cost; so what a
/// batch does to one table, it does in one statement.
pub(crate) struct Many {
    template: &'static str,
    width: usize,
    texts: OnceLock<[String; RUNS.len()]>,
}

impl Many {
    /// Of rows of `width` values.
    pub(crate) const fn new(template: &'static str, width: usize) -> Self {
        Self { template, width, texts: OnceLock::new() }
    }

    /// Its text for each of [`RUNS`].
    pub(crate) fn texts(&'static self) -> [&'static str; RUNS.len()] {
        self.texts
            .get_or_init(|| RUNS.map(|rows| self.template.replace("{rows}", &placeholders(rows, self.width))))
            .each_ref()
            .map(String::as_str)
    }

    /// Writes `rows`, every one of them: a row the statement passes over is trouble. That is the guard
    /// of what was decided on rows read before.
    pub(crate) async fn write<'q, T>(
        &'static self,
        conn: &mut Conn,
        rows: &'q [T],
        bind: impl Fn(Query<'q>, &'q T) -> Query<'q>,
    ) -> Tried<()> {
        for (text, run) in self.runs(rows) {
            let query = run.iter().fold(sqlx::query(text), &bind);
            if query.execute(&mut *conn).await?.rows_affected() < run.len() as u64 {
                return Err(Trouble::corrupt("a row is not as it was when it was read"));
            }
        }
        Ok(())
    }

    /// What it answers to `rows`.
    pub(crate) async fn fetch<'q, T>(
        &'static self,
        conn: &mut Conn,
        rows: &'q [T],
        bind: impl Fn(Query<'q>, &'q T) -> Query<'q>,
    ) -> Tried<Vec<Row>> {
        let mut found = Vec::new();
        for (text, run) in self.runs(rows) {
            let query = run.iter().fold(sqlx::query(text), &bind);
            found.extend(query.fetch_all(&mut *conn).await?);
        }
        Ok(found)
    }

    fn runs<'r, T>(&'static self, mut rows: &'r [T]) -> impl Iterator<Item = (&'static str, &'r [T])> {
        let texts = self.texts();
        std::iter::from_fn(move || {
            let (text, length) = texts.into_iter().zip(RUNS).find(|(_, length)| *length <= rows.len())?;
            let (run, rest) = rows.split_at(length);
            rows = rest;
            Some((text, run))
        })
    }
}

/// Without numbers: SQLite looks a number up in a list, which takes its time with hundreds of them.
fn placeholders(rows: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(", "));
    vec![row; rows].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAIRS: Many = Many::new("VALUES {rows}", 2);

    #[test]
    fn a_row_has_its_own_placeholders() {
        assert_eq!(PAIRS.texts()[3..], ["VALUES (?, ?), (?, ?)", "VALUES (?, ?)"]);
    }

    #[test]
    fn every_row_is_in_one_run() {
        for count in 0..70 {
            let rows: Vec<usize> = (0..count).collect();
            let runs: Vec<_> = PAIRS.runs(&rows).collect();
            assert_eq!(runs.iter().flat_map(|(_, run)| *run).copied().collect::<Vec<_>>(), rows);
            for (text, run) in runs {
                assert_eq!(text.matches('(').count(), run.len());
            }
        }
    }
}
