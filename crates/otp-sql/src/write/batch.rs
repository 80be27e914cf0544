//! One batch: one transaction, as many answers as members.

use std::time::Duration;

use otp_core::fault::FaultKind;
use tokio::time::timeout;

use super::line::Line;
use super::verb::Member;
use super::working_set::WorkingSet;
use crate::trouble::{Tried, Trouble};

/// How often a batch is written again that met another node on the same rows. Once is the rule: by then
/// the row that was not there is there, and can be locked.
const AGAIN: usize = 5;

/// How long a batch may take. An engine gives up its own waits before; this is for one that has frozen.
const PATIENCE: Duration = Duration::from_secs(8);

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
    written.as_ref().is_err_and(|trouble| trouble.kind() == FaultKind::Unavailable && !trouble.is_conflict())
}

/// Writes `members` in one transaction: all or none. Where several nodes write, another may have been
/// quicker on a row that was not there to be locked, or wait for us while we wait for it: then again.
async fn write(line: &mut Line, members: &mut [Box<dyn Member>]) -> Tried<()> {
    let mut written = write_once(line, members).await;
    for _ in 0..AGAIN {
        if !written.as_ref().is_err_and(Trouble::is_conflict) {
            break;
        }
        written = write_once(line, members).await;
    }
    written
}

async fn write_once(line: &mut Line, members: &mut [Box<dyn Member>]) -> Tried<()> {
    let in_time = timeout(PATIENCE, transaction(line, members)).await;
    let Ok(written) = in_time else {
        line.give_up();
        return Err(Trouble::unavailable("the database does not answer"));
    };
    // What does not roll back either was never begun, was undone by the engine, or is in a state that
    // nobody knows: another connection finds out. So it does when the store is down: it may be a server
    // that only reads by now, while another writes.
    if written.is_err() && (is_down(&written) || !rolled_back(line).await) {
        line.give_up();
    }
    written
}

async fn rolled_back(line: &mut Line) -> bool {
    timeout(PATIENCE, line.roll_back()).await.unwrap_or(false)
}

async fn transaction(line: &mut Line, members: &mut [Box<dyn Member>]) -> Tried<()> {
    let conn = line.begin().await?;
    let mut set = WorkingSet::default();
    for member in members.iter() {
        member.needs(&mut set);
    }
    set.load(conn).await?;
    for member in members.iter_mut() {
        member.run(conn, &mut set).await?;
    }
    set.store(conn).await?;
    conn.run("COMMIT").await
}
