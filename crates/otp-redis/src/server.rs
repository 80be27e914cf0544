//! The server, as the verbs speak to it.

use std::path::Path;
use std::time::Duration;

use otp_core::fault::{Fault, Res};
use otp_core::limit::Draw;
use redis::{FromRedisValue, Script, ScriptInvocation};
use serde::Serialize;

use crate::connect;
use crate::keys::Keys;
use crate::link::Link;
use crate::persistence::{self, Persistence};

/// How long what has ended is still held: a clock that steps back by less finds it alive again.
pub(crate) const HELD: Duration = Duration::from_secs(3600);

/// A server and the names of what is kept there.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) persistence: Persistence,
}

impl Server {
    pub(crate) async fn connect(url: &str, extra_roots: Option<&Path>) -> Res<Self> {
        let link = Link::new(connect::connect(url, extra_roots).await?);
        let persistence = persistence::ask(&link).await?;
        Ok(Self { link, keys: Keys::default(), persistence })
    }

    /// Runs `script` on the logs of `draws` and on `call`.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        op: &'static str,
        script: &Script,
        draws: &[Draw],
        call: &impl Serialize,
        octets: &[u8],
    ) -> Res<T> {
        let mut invocation = self.prepare(op, script, draws, call)?;
        self.link.run(op, invocation.arg(octets)).await
    }

    /// `script`, about to be run on the logs of `draws` and on `call`.
    pub(crate) fn prepare<'a>(
        &self,
        op: &'static str,
        script: &'a Script,
        draws: &[Draw],
        call: &impl Serialize,
    ) -> Res<ScriptInvocation<'a>> {
        let mut invocation = script.arg(document(op, call)?);
        for draw in draws {
            invocation.key(self.keys.limit(&draw.key));
        }
        Ok(invocation)
    }
}

/// `value` as a document.
pub(crate) fn document(op: &'static str, value: &impl Serialize) -> Res<String> {
    // The error is dropped: it may quote what it could not write.
    serde_json::to_string(value).map_err(|_| Fault::corrupt(op, "a value is no JSON"))
}

/// `span` in milliseconds.
pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
