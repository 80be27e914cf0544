//! Clients that sign people in, over and over.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, select};
use otp_testkit::smtp_sink::SmtpSink;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Ledger, Server};

/// Clients at work until they are ended.
#[derive(Debug, Default)]
pub struct Load {
    clients: JoinSet<()>,
    closing: watch::Sender<bool>,
}

/// Tells a client when to make no further call.
#[derive(Debug, Clone)]
pub struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Never.
    pub fn never() -> Self {
        Self(watch::Sender::new(false).subscribe())
    }

    /// Whether it is time.
    pub fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    /// What `waited` comes to, unless it is time before.
    pub async fn or<T>(&self, waited: impl Future<Output = T>) -> Option<T> {
        let mut closing = self.0.clone();
        // Nobody left to say so means never.
        let is_time = async { closing.wait_for(|now| *now).await.is_ok() };
        match select(pin!(waited), pin!(is_time)).await {
            Either::Left((came, _)) => Some(came),
            Either::Right((true, _)) => None,
            Either::Right((false, waited)) => Some(waited.await),
        }
    }
}

impl Load {
    /// One more client, who goes from one of `servers` to the next and enters in `ledger` what they
    /// answer. When a call gets no answer, he goes no further. His people are called after `name`.
    pub fn client(&mut self, ledger: &Arc<Ledger>, servers: &[Arc<Server>], sink: &Arc<SmtpSink>, name: &str) {
        let (ledger, servers, sink) = (ledger.clone(), servers.to_vec(), sink.clone());
        let name = name.to_owned();
        self.task(async move |closing| {
            for turn in 0.. {
                let email = format!("{name}t{turn}@example.org");
                if ledger.cycle(&servers, &sink, email, &closing).await.is_none() {
                    return;
                }
            }
        });
    }

    /// One more of another kind, who has to end soon after he is told so.
    pub fn task<C>(&mut self, client: impl FnOnce(Closing) -> C)
    where
        C: Future<Output = ()> + Send + 'static,
    {
        self.clients.spawn(client(Closing(self.closing.subscribe())));
    }

    /// Lets them finish the call they are at, and waits for that: a server that lives would go on with
    /// one that is dropped, and what came of it would be nobody's knowledge.
    ///
    /// # Panics
    /// When one of them has.
    pub async fn end(mut self) {
        self.closing.send_replace(true);
        while let Some(ended) = self.clients.join_next().await {
            if let Err(error) = ended {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}
