//! Clients that sign people in, over and over.

use std::future::Future;
use std::sync::Arc;

use otp_testkit::smtp_sink::SmtpSink;
use tokio::task::JoinSet;

use super::{Ledger, Server};

/// Clients at work until they are ended.
#[derive(Debug, Default)]
pub struct Load(JoinSet<()>);

impl Load {
    /// One more client, who goes from one of `servers` to the next and enters in `ledger` what they
    /// answer. When a call gets no answer, he goes no further. His people are called after `name`.
    pub fn client(&mut self, ledger: &Arc<Ledger>, servers: &[Arc<Server>], sink: &Arc<SmtpSink>, name: &str) {
        let (ledger, servers, sink) = (ledger.clone(), servers.to_vec(), sink.clone());
        let name = name.to_owned();
        self.task(async move {
            for turn in 0.. {
                let email = format!("{name}t{turn}@example.org");
                if ledger.cycle(&servers, &sink, email).await.is_none() {
                    return;
                }
            }
        });
    }

    /// One more of another kind.
    pub fn task(&mut self, client: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(client);
    }

    /// Stops them, in the middle of whatever they are at.
    ///
    /// # Panics
    /// When one of them has.
    pub async fn end(mut self) {
        self.0.abort_all();
        while let Some(ended) = self.0.join_next().await {
            match ended {
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // Stopped by an unanswered call, or just now.
                Ok(()) | Err(_) => {}
            }
        }
    }
}
