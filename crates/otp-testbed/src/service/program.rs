//! A running process, and what it has said so far.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use super::canary;
use crate::PATIENCE;

/// A running process; killed when dropped. Its log may hold no secret.
#[derive(Debug)]
pub struct Program {
    child: Mutex<Child>,
    id: u32,
    heard: Arc<Heard>,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Heard {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    text: String,
    /// What of it is log: a command may well answer with a secret, on stdout.
    log: String,
    /// Pipes closed; both do when the process ends.
    closed: usize,
}

impl Program {
    /// Starts `command`, and listens to everything it writes.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn launch(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let heard = Arc::new(Heard::default());
        let readers =
            vec![read(child.stdout.take().unwrap(), &heard, false), read(child.stderr.take().unwrap(), &heard, true)];
        Self { id: child.id(), child: Mutex::new(child), heard, readers }
    }

    /// Its number.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Everything it has written so far.
    pub fn said(&self) -> String {
        self.heard.said.lock().unwrap().text.clone()
    }

    /// Blocks until it has written one of `texts`.
    ///
    /// # Panics
    /// When it ends before, or does not within [`PATIENCE`].
    pub fn until_said(&self, texts: &[&str]) {
        let has = |said: &Said| texts.iter().any(|text| said.text.contains(text));
        let said = self.heard.said.lock().unwrap();
        let (said, _) =
            self.heard.more.wait_timeout_while(said, PATIENCE, |said| !has(said) && said.closed < 2).unwrap();
        let ended = if said.closed == 2 { "it ended" } else { "it still runs" };
        assert!(has(&said), "{ended} and has not said any of {texts:?}:\n{}", said.text);
    }

    /// kill -9, and waits until it is gone.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Sends the signal of that name, `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_some()
    }

    /// Waits until it has ended; answers how, and everything it wrote.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.get_mut().unwrap().wait().unwrap();
        self.hear_the_rest();
        (status, self.said())
    }

    fn hear_the_rest(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        if let Ok(child) = self.child.get_mut() {
            child.kill().ok();
            child.wait().ok();
        }
        self.hear_the_rest();
        canary::assert_silent("a log", self.heard.said.lock().unwrap().log.as_bytes());
    }
}

/// Collects a pipe, line by line.
fn read(pipe: impl Read + Send + 'static, heard: &Arc<Heard>, is_log: bool) -> JoinHandle<()> {
    let heard = heard.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let line = format!("{line}\n");
            {
                let mut said = heard.said.lock().unwrap();
                said.text.push_str(&line);
                if is_log {
                    said.log.push_str(&line);
                }
            }
            heard.more.notify_all();
        }
        heard.said.lock().unwrap().closed += 1;
        heard.more.notify_all();
    })
}
