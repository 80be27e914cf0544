//! One batch: one transaction, as many answers as members.

use otp_core::fault::FaultKind;

use super::line::Line;
use super::verb::Member;
use super::working_set::WorkingSet;
use crate::sql::{Conn, statements};
use crate::trouble::Tried;

statements! {
    /// Takes the write lock at once. A transaction that reads first and then writes is refused when
    /// another process wrote in between, and no timeout helps that; this waits for its turn.
    BEGIN = "BEGIN IMMEDIATE";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
}

/// Writes `members` together, or, if one of them cannot be written, each by itself; answers them.
///
/// No member has a savepoint of its own: that is two statements for each, on the day that nothing
/// fails. What can be refused by a rule of the domain is an answer, so what fails is a row that does
/// not read back or breaks a constraint that should hold. It costs its batch the company, not the
/// answer: the others succeed alone. If the store itself is down, all fare alike, and nothing is tried
/// again.
pub(super) async fn settle(line: &mut Line, mut members: Vec<Box<dyn Member>>) {
    let mut written = write(line, &mut members).await;
    let one_by_one = members.len() > 1 && written.is_err();
    if let Err(trouble) = &written
        && one_by_one
    {
        tracing::warn!(%trouble, members = members.len(), "a batch failed");
    }
    for member in members {
        let mut alone = [member];
        if one_by_one && !is_down(&written) {
            written = write(line, &mut alone).await;
        }
        let [member] = alone;
        member.answer(&written);
    }
}

/// Whether the store itself failed, rather than what it was asked to write.
fn is_down(written: &Tried<()>) -> bool {
    written.as_ref().is_err_and(|trouble| trouble.kind() == FaultKind::Unavailable)
}

/// Writes `members` in one transaction: all or none.
async fn write(line: &mut Line, members: &mut [Box<dyn Member>]) -> Tried<()> {
    let conn = line.get().await?;
    let written = transaction(conn, members).await;
    // What does not roll back either was never begun, was undone by the engine, or is in a state that
    // nobody knows: another connection finds out.
    if written.is_err() && sqlx::query(ROLLBACK).execute(conn).await.is_err() {
        line.give_up();
    }
    written
}

async fn transaction(conn: &mut Conn, members: &mut [Box<dyn Member>]) -> Tried<()> {
    sqlx::query(BEGIN).execute(&mut *conn).await?;
    let mut set = WorkingSet::default();
    for member in members.iter() {
        member.needs(&mut set);
    }
    set.load(conn).await?;
    for member in members.iter_mut() {
        member.run(conn, &mut set).await?;
    }
    set.store(conn).await?;
    sqlx::query(COMMIT).execute(conn).await?;
    Ok(())
}
