//! A verb that waits to be written.

use async_trait::async_trait;
use otp_core::fault::Res;
use tokio::sync::oneshot;

use super::WorkingSet;
use crate::sql::Conn;
use crate::trouble::{Tried, Trouble};

/// A verb that changes something: what it was called with, and what it does.
///
/// The frequent verbs decide on the working set alone. The others may use the connection, as long as
/// they keep to tables the working set does not hold. A verb is run again, by itself, when the batch
/// it was in failed; so it borrows what it was called with, and answers only in the end.
#[async_trait]
pub(crate) trait Verb: Send + Sync + 'static {
    /// How a fault names it.
    const OP: &'static str;
    /// Whether it may share a batch with nobody: it changes rows that others have read and will write.
    const ALONE: bool = false;
    /// What it answers.
    type Answer: Send + 'static;

    /// Names the rows it will decide on.
    fn needs(&self, _set: &mut WorkingSet) {}

    /// Decides and writes.
    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Self::Answer>;
}

/// A [`Verb`] of whatever kind, as the batch sees it.
#[async_trait]
pub(super) trait Member: Send {
    /// As [`Verb::ALONE`].
    fn is_alone(&self) -> bool;
    /// As [`Verb::needs`].
    fn needs(&self, set: &mut WorkingSet);
    /// Runs it and holds its answer back.
    async fn run(&mut self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<()>;
    /// Answers its caller, if he is still there: what was decided if that is written, else why not.
    fn answer(self: Box<Self>, written: &Tried<()>);
}

/// A verb, its caller, and what he will be told.
pub(super) struct Waiting<V: Verb> {
    verb: V,
    caller: oneshot::Sender<Res<V::Answer>>,
    decided: Option<V::Answer>,
}

impl<V: Verb> Waiting<V> {
    pub(super) fn new(verb: V, caller: oneshot::Sender<Res<V::Answer>>) -> Self {
        Self { verb, caller, decided: None }
    }
}

#[async_trait]
impl<V: Verb> Member for Waiting<V> {
    fn is_alone(&self) -> bool {
        V::ALONE
    }

    fn needs(&self, set: &mut WorkingSet) {
        self.verb.needs(set);
    }

    async fn run(&mut self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<()> {
        self.decided = Some(self.verb.run(conn, set).await?);
        Ok(())
    }

    fn answer(self: Box<Self>, written: &Tried<()>) {
        let Self { caller, decided, .. } = *self;
        let answer = written.clone().and_then(|()| decided.ok_or_else(|| Trouble::unavailable("never run")));
        // Nobody hears it if the caller has gone. It is written all the same.
        let _ = caller.send(answer.map_err(|trouble| trouble.fault(V::OP)));
    }
}
