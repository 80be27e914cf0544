//! A server as a process with children, whatever it serves; a browser, too.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::processes;
use crate::PATIENCE;

/// A server's processes, if it runs. Killed when dropped.
#[derive(Debug, Default)]
pub(crate) struct Daemon {
    child: Mutex<Option<Child>>,
}

impl Daemon {
    /// Starts `command` in a process group of its own, so that Ctrl-C at the terminal leaves it to us,
    /// and waits until it answers.
    ///
    /// # Panics
    /// When it ends instead, with what `log` tells.
    pub(crate) fn start(&self, command: &mut Command, log: impl Fn() -> String, answers: impl Fn() -> bool) {
        command.process_group(0).stdin(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        *self.lock() = Some(child);
        until("the server answers", || {
            let ended = self.lock().as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "{command:?} ended:\n{}", log());
            answers()
        });
    }

    /// Asks it to end with `signal`, and waits until all its processes are gone.
    pub(super) fn stop(&self, signal: Signal) {
        if let Some(mut child) = self.lock().take() {
            let all = processes::tree(child.id());
            processes::signal(child.id(), signal);
            processes::thaw(child.id());
            child.wait().unwrap();
            processes::gone(&all);
        }
    }

    /// Ends all its processes at once, none of which gets to know, and waits until they are gone.
    pub(super) fn kill(&self) {
        if let Some(mut child) = self.lock().take() {
            processes::freeze(child.id());
            let all = processes::tree(child.id());
            for id in &all {
                processes::signal(*id, Signal::KILL);
            }
            child.wait().unwrap();
            processes::gone(&all);
        }
    }

    /// Stops all its processes; they keep their connections and answer nothing.
    pub(super) fn pause(&self) {
        if let Some(child) = &*self.lock() {
            processes::freeze(child.id());
        }
    }

    /// Lets them go on.
    pub(super) fn resume(&self) {
        if let Some(child) = &*self.lock() {
            processes::thaw(child.id());
        }
    }

    /// All its processes, the first of them first; none if it does not run.
    pub(super) fn process_ids(&self) -> Vec<u32> {
        self.lock().as_ref().map(|child| processes::tree(child.id())).unwrap_or_default()
    }

    /// Whoever panicked while it was held, the process is still ours to end.
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks `is_so` again and again until it is.
///
/// # Panics
/// When it is not after [`PATIENCE`], naming `what`.
#[expect(clippy::disallowed_methods, reason = "no runtime's thread: the stores are started before there is one")]
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
