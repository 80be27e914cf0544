//! Programs the tasks run: to their end, to a time limit, or until we are told to end ourselves.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Set by a signal that is meant to end us. Whoever sees it goes home by an error, so that everything
/// that was started is dropped and ends.
static TOLD_TO_END: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// How long a signal may go unseen.
pub(crate) const GLANCE: Duration = Duration::from_millis(50);

/// From now on the signals that would end us are heard by [`told_to_end`].
pub(crate) fn listen() -> Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, TOLD_TO_END.clone())?;
    }
    Ok(())
}

/// Whether Ctrl-C was pressed, or the like.
pub(crate) fn told_to_end() -> bool {
    TOLD_TO_END.load(Ordering::SeqCst)
}

/// Runs `program` in the workspace, telling what is run; fails if it does.
pub(crate) fn run(root: &Path, program: impl AsRef<Path>, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(program.as_ref());
    tell_and_run(command.args(arguments).current_dir(root))
}

/// Runs `command`, telling what is run; fails if it does.
pub(crate) fn tell_and_run(command: &mut Command) -> Result<()> {
    let said = said(command);
    eprintln!("\n> {said}");
    match finish(command, None)? {
        Some(status) if status.success() => Ok(()),
        ended => bail!("{said} failed: {}", ended.unwrap_or_default()),
    }
}

/// Runs `command` to its end and answers how it ended; nothing, if it had not at the time limit, when it
/// was killed with everything it had started.
pub(crate) fn finish(command: &mut Command, limit: Option<Duration>) -> Result<Option<ExitStatus>> {
    let said = said(command);
    let begun = Instant::now();
    // A group of its own: all of it ends together, and Ctrl-C at the terminal reaches us alone.
    command.stdin(Stdio::null()).process_group(0);
    let mut child = command.spawn().with_context(|| format!("{said} cannot be run"))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("no number of a process")?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait()));
    loop {
        match told.recv_timeout(GLANCE) {
            Ok(ended) => return Ok(Some(ended?)),
            Err(RecvTimeoutError::Disconnected) => bail!("nobody waits for {said}"),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let is_late = limit.is_some_and(|limit| begun.elapsed() > limit);
        if told_to_end() || is_late {
            // It may have ended in between.
            kill_process_group(group, Signal::KILL).ok();
            told.recv()??;
            if told_to_end() {
                bail!("told to end during {said}");
            }
            return Ok(None);
        }
    }
}

/// Runs `program` and answers what it wrote to stdout.
pub(crate) fn read(root: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .with_context(|| format!("{program} cannot be run"))?;
    if !output.status.success() {
        bail!("{program} {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The command as it would be typed.
fn said(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
