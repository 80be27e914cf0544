//! One batch: one transaction, as many answers as members.

use otp_core::fault::FaultKind;
use sqlx::{Connection, SqliteConnection};

use super::line::Line;
use super::verb::Member;
use super::working_set::WorkingSet;
use crate::trouble::{Tried, Trouble};

/// Takes the write lock at once. A deferred transaction that reads and then writes is refused when
/// another process wrote in between, and no timeout helps that; this waits for its turn.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Writes `members` together, or, if one of them cannot be written, each by itself; answers them.
///
/// No member has a savepoint of its own: that is two statements for each, on the day that nothing
/// fails. What can be refused by a rule of the domain is an answer, so what fails is a row that does
/// not read back or breaks a constraint that should hold. It costs its batch the company, not the
/// answer: the others succeed alone. If the store itself is down, all fare alike, and nothing is tried
/// again.
pub(super) async fn settle(line: &mut Line, mut members: Vec<Box<dyn Member>>) {
    let written = write(line, &mut members).await;
    match &written {
        Err(trouble) if members.len() > 1 && trouble.kind() != FaultKind::Unavailable => {
            tracing::warn!(%trouble, members = members.len(), "a batch failed; its members are written one by one");
            for member in members {
                let mut alone = vec![member];
                let written = write(line, &mut alone).await;
                answer(alone, &written);
            }
        }
        Ok(()) | Err(_) => answer(members, &written),
    }
}

fn answer(members: Vec<Box<dyn Member>>, written: &Tried<()>) {
    for member in members {
        member.answer(written);
    }
}

/// Writes `members` in one transaction: all or none.
async fn write(line: &mut Line, members: &mut [Box<dyn Member>]) -> Tried<()> {
    let conn = line.get().await?;
    let Err(failed) = transaction(conn, members).await else { return Ok(()) };
    if !failed.undone {
        line.give_up();
    }
    Err(failed.trouble)
}

struct Failed {
    trouble: Trouble,
    /// Whether the connection is as it was before.
    undone: bool,
}

async fn transaction(conn: &mut SqliteConnection, members: &mut [Box<dyn Member>]) -> Result<(), Failed> {
    let not_begun = |error: sqlx::Error| Failed { trouble: error.into(), undone: false };
    let mut transaction = conn.begin_with(BEGIN).await.map_err(not_begun)?;
    match run(&mut transaction, members).await {
        // What failed to commit is undone by dropping it, as far as it can be; the connection is not trusted again.
        Ok(()) => transaction.commit().await.map_err(not_begun),
        Err(trouble) => Err(Failed { undone: transaction.rollback().await.is_ok(), trouble }),
    }
}

async fn run(conn: &mut SqliteConnection, members: &mut [Box<dyn Member>]) -> Tried<()> {
    let mut set = WorkingSet::default();
    for member in members.iter() {
        member.needs(&mut set);
    }
    set.load(conn).await?;
    for member in members.iter_mut() {
        member.run(conn, &mut set).await?;
    }
    set.store(conn).await
}
