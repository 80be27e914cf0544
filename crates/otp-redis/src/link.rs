//! Commands and scripts, sent and answered.

use std::time::Duration;

use otp_core::fault::{Fault, Res};
use redis::aio::ConnectionManager;
use redis::{Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use tokio::time::timeout;

use crate::trouble::fault;

/// How long a call may take, reconnecting included.
const PATIENCE: Duration = Duration::from_secs(4);

/// The server, as the verbs speak to it.
#[derive(Clone)]
pub(crate) struct Link(ConnectionManager);

impl Link {
    pub(crate) const fn new(connection: ConnectionManager) -> Self {
        Self(connection)
    }

    /// Runs a script, once; one the server has forgotten is handed to it again.
    pub(crate) async fn run<T: FromRedisValue>(&self, op: &'static str, script: &ScriptInvocation<'_>) -> Res<T> {
        in_time(op, script.invoke_async(&mut self.0.clone())).await
    }

    /// Runs a script that may be run twice: what it draws is all that costs.
    pub(crate) async fn insist<T: FromRedisValue>(&self, op: &'static str, script: &ScriptInvocation<'_>) -> Res<T> {
        let called = async {
            let first = script.invoke_async(&mut self.0.clone()).await;
            if is_over(&first) { script.invoke_async(&mut self.0.clone()).await } else { first }
        };
        in_time(op, called).await
    }

    /// Sends a command that changes nothing.
    pub(crate) async fn ask<T: FromRedisValue>(&self, op: &'static str, command: &Cmd) -> Res<T> {
        let called = async {
            let first = command.query_async(&mut self.0.clone()).await;
            if is_over(&first) { command.query_async(&mut self.0.clone()).await } else { first }
        };
        in_time(op, called).await
    }
}

/// Whether the connection has ended. That may have been while nobody used it: on a new one the call may
/// work. Or it was done, and only the answer is lost.
fn is_over<T>(answer: &RedisResult<T>) -> bool {
    answer.as_ref().is_err_and(RedisError::is_connection_dropped)
}

async fn in_time<T>(op: &'static str, called: impl Future<Output = RedisResult<T>>) -> Res<T> {
    match timeout(PATIENCE, called).await {
        Ok(answer) => answer.map_err(|error| fault(op, error)),
        Err(_) => Err(Fault::unavailable(op, "the server does not answer")),
    }
}
