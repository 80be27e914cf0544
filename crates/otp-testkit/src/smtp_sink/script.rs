//! What a sink does instead of taking the mail, stage by stage.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Where in the dialogue a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before the greeting, and before implicit TLS.
    Connect,
    /// At `EHLO` or `HELO`.
    Hello,
    /// At `STARTTLS`, and before its handshake.
    StartTls,
    /// At `AUTH`.
    Auth,
    /// At `MAIL`.
    Mail,
    /// At `RCPT`.
    Rcpt,
    /// At `DATA`.
    Data,
    /// At the final dot, before the mail is taken.
    Dot,
    /// At the final dot, when the mail has been taken and only the answer is left to give.
    Taken,
}

/// What to do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Answer this line instead of carrying on. After 221 and 421 the connection is closed
    /// (RFC 5321, section 3.8), and after any greeting but 220.
    Reply(String),
    /// Close the connection without a word.
    Drop,
    /// Say nothing more until the client gives up.
    Hang,
    /// Say nothing until [`SmtpSink::release`](super::SmtpSink::release), then carry on.
    Hold,
}

impl Action {
    /// [`Action::Reply`] with this line, without its CRLF.
    pub fn reply(line: &str) -> Self {
        Self::Reply(line.to_owned())
    }
}

/// The actions that wait for their stage.
#[derive(Default)]
pub(super) struct Script(Mutex<HashMap<Stage, VecDeque<Action>>>);

impl Script {
    pub(super) fn push(&self, stage: Stage, action: Action) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(stage).or_default().push_back(action);
    }

    pub(super) fn pop(&self, stage: Stage) -> Option<Action> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&stage)?.pop_front()
    }
}
