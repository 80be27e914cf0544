//! The processes of a server as the kernel lists them. Its process group would not do: a backend of
//! Postgres leaves it.

use rustix::process::{Pid, Signal, kill_process};

use super::daemon::until;

/// What the kernel says of a process.
struct Seen {
    id: u32,
    parent: u32,
    /// One letter; `T` is stopped.
    state: char,
}

/// `root` and everything below it, as far as it lives.
pub(super) fn tree(root: u32) -> Vec<u32> {
    living_tree(root).iter().map(|seen| seen.id).collect()
}

/// Stops all of them. None of them can start another one afterwards.
pub(super) fn freeze(root: u32) {
    until("all processes are stopped", || {
        let running: Vec<Seen> = living_tree(root).into_iter().filter(|seen| seen.state != 'T').collect();
        for seen in &running {
            signal(seen.id, Signal::STOP);
        }
        running.is_empty()
    });
}

/// Lets them go on.
pub(super) fn thaw(root: u32) {
    for id in tree(root) {
        signal(id, Signal::CONT);
    }
}

/// Waits until all of them are gone.
pub(super) fn gone(ids: &[u32]) {
    until("all processes are gone", || ids.iter().all(|id| living(*id).is_none()));
}

/// Sends a signal to a process that may have ended by now.
pub(super) fn signal(id: u32, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(id).unwrap()).expect("no process has the number 0");
    kill_process(id, signal).ok();
}

fn living_tree(root: u32) -> Vec<Seen> {
    let entries = std::fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut others: Vec<Seen> = ids.filter_map(living).collect();
    let mut tree: Vec<Seen> = others.extract_if(.., |seen| seen.id == root).collect();
    let mut looked_at = 0;
    while looked_at < tree.len() {
        let parent = tree[looked_at].id;
        tree.extend(others.extract_if(.., |seen| seen.parent == parent));
        looked_at += 1;
    }
    tree
}

/// One process, if there is such a one, and it is not just kept until its parent has heard of its end.
fn living(id: u32) -> Option<Seen> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The program's name stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    (!matches!(state, 'Z' | 'X')).then_some(Seen { id, parent: fields.next()?.parse().ok()?, state })
}
