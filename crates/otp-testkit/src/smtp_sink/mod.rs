//! An SMTP server for tests (RFC 5321): it takes mail over real sockets, keeps it, and fails on order.
//!
//! It holds clients to the letter of the protocol. Lines end in CRLF and are at most 1000 octets, a bare
//! CR or LF refuses the message, eight-bit text needs `BODY=8BITMIME` and addresses beyond ASCII need
//! `SMTPUTF8`, so a mailer that only works with lenient servers does not work with this one.
//!
//! Tests wait for what they expect by event:
//!
//! ```no_run
//! # use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};
//! # async fn example() -> std::io::Result<()> {
//! let sink = SmtpSink::start().await?;
//! sink.next(Stage::Rcpt, Action::reply("450 4.2.0 try later"));
//! // Have something send mail to `sink.url()`, twice if it is to get through. Then:
//! let mail = sink.next_to("ada@example.org").await;
//! assert_eq!(mail.code(), Some("012345678"));
//! # Ok(())
//! # }
//! ```

mod content;
mod dialogue;
mod mail;
mod script;

pub use mail::SunkMail;
pub use script::{Action, Stage};

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use script::Script;

/// How long a test waits for what never comes before it fails and says so, instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has reached a sink so far.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Every mail taken, in the order of their final dots.
    pub mails: Vec<Arc<SunkMail>>,
    /// Connections accepted.
    pub accepted: usize,
    /// Connections open now.
    pub open: usize,
    /// Connections that reached an [`Action::Hang`].
    pub hung: usize,
    /// Connections that reached an [`Action::Hold`].
    pub held: usize,
    given: HashSet<usize>,
}

impl Traffic {
    /// The first mail to `address` not given out before.
    fn give(&mut self, address: &str) -> Option<Arc<SunkMail>> {
        let (place, mail) =
            self.mails.iter().enumerate().find(|(place, mail)| !self.given.contains(place) && mail.is_to(address))?;
        self.given.insert(place);
        Some(mail.clone())
    }
}

/// How a connection is encrypted.
#[derive(Clone, Default)]
enum Encryption {
    #[default]
    None,
    StartTls(Arc<ServerConfig>),
    Implicit(Arc<ServerConfig>),
}

/// What a sink demands and offers.
#[derive(Clone, Default)]
struct Settings {
    encryption: Encryption,
    credentials: Option<(String, String)>,
    without_smtputf8: bool,
}

/// Everything the connections of a sink share.
struct Shared {
    settings: Settings,
    script: Script,
    traffic: watch::Sender<Traffic>,
    /// Moves when every open connection is to be cut.
    cut: watch::Sender<()>,
    /// Moves when whoever is held may carry on.
    release: watch::Sender<()>,
}

/// Sets a sink up.
#[derive(Default)]
pub struct SmtpSinkBuilder {
    at: Option<SocketAddr>,
    settings: Settings,
}

impl fmt::Debug for SmtpSinkBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSinkBuilder").field("at", &self.at).finish_non_exhaustive()
    }
}

impl SmtpSinkBuilder {
    /// Listens there instead of on a free port of 127.0.0.1: to come back where a stopped sink was.
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.at = Some(address);
        self
    }

    /// Takes mail only after `AUTH PLAIN` or `AUTH LOGIN` with these; offered only once encrypted, if it encrypts.
    #[must_use]
    pub fn auth(mut self, username: &str, password: &str) -> Self {
        self.settings.credentials = Some((username.to_owned(), password.to_owned()));
        self
    }

    /// Takes mail only after `STARTTLS` (RFC 3207).
    #[must_use]
    pub fn starttls(mut self, tls: Arc<ServerConfig>) -> Self {
        self.settings.encryption = Encryption::StartTls(tls);
        self
    }

    /// Encrypts from the first octet (RFC 8314).
    #[must_use]
    pub fn implicit_tls(mut self, tls: Arc<ServerConfig>) -> Self {
        self.settings.encryption = Encryption::Implicit(tls);
        self
    }

    /// Does not know `SMTPUTF8`, as an old server.
    #[must_use]
    pub fn without_smtputf8(mut self) -> Self {
        self.settings.without_smtputf8 = true;
        self
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(self) -> io::Result<SmtpSink> {
        let listener = TcpListener::bind(self.at.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            settings: self.settings,
            script: Script::default(),
            traffic: watch::Sender::default(),
            cut: watch::Sender::default(),
            release: watch::Sender::default(),
        });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Ok(SmtpSink { address, shared, task })
    }
}

/// Accepts until aborted. The connections are tasks of this one's set, so they end with it.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            Ok((socket, _)) = listener.accept() => {
                shared.traffic.send_modify(|traffic| {
                    traffic.accepted += 1;
                    traffic.open += 1;
                });
                let shared = shared.clone();
                let mut cut = shared.cut.subscribe();
                connections.spawn(async move {
                    tokio::select! {
                        // How a dialogue ends is the client's business; the tests see what it left behind.
                        _ = dialogue::hold(Box::new(socket), &shared) => {}
                        _ = cut.changed() => {}
                    }
                    shared.traffic.send_modify(|traffic| traffic.open -= 1);
                });
            }
        }
    }
}

/// A running SMTP server. Dropped, it stops and cuts its connections.
pub struct SmtpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl fmt::Debug for SmtpSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSink").field("address", &self.address).finish_non_exhaustive()
    }
}

impl SmtpSink {
    /// Starts one on a free port of 127.0.0.1, unencrypted, open to anybody.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts one that demands more.
    pub fn builder() -> SmtpSinkBuilder {
        SmtpSinkBuilder::default()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The setting that sends mail here; without credentials, which the test knows.
    pub fn url(&self) -> String {
        match self.shared.settings.encryption {
            Encryption::None => format!("smtp://{}?tls=none", self.address),
            Encryption::StartTls(_) => format!("smtp://{}", self.address),
            Encryption::Implicit(_) => format!("smtps://{}", self.address),
        }
    }

    /// Does `action` the next time any connection comes to `stage`. Several for one stage queue up.
    pub fn next(&self, stage: Stage, action: Action) {
        self.shared.script.push(stage, action);
    }

    /// What has reached it so far.
    pub fn traffic(&self) -> Traffic {
        self.shared.traffic.borrow().clone()
    }

    /// Every mail taken so far.
    pub fn mails(&self) -> Vec<Arc<SunkMail>> {
        self.traffic().mails
    }

    /// Waits for the first mail to `address` that no earlier call was given: ask again for the next.
    ///
    /// # Panics
    /// When none has come after 30 seconds.
    pub async fn next_to(&self, address: &str) -> Arc<SunkMail> {
        let mut given = None;
        self.patiently(&format!("mail to {address}"), async {
            let mut changes = self.shared.traffic.subscribe();
            loop {
                // Giving out is no news to others who wait.
                self.shared.traffic.send_if_modified(|traffic| {
                    given = traffic.give(address);
                    false
                });
                if given.is_some() || changes.changed().await.is_err() {
                    break;
                }
            }
        })
        .await;
        given.unwrap_or_else(|| unreachable!("the sink ends only when it is dropped"))
    }

    /// Waits until `n` mails have been taken; answers them all.
    ///
    /// # Panics
    /// When fewer have come after 30 seconds.
    pub async fn taken(&self, n: usize) -> Vec<Arc<SunkMail>> {
        self.until(|traffic| traffic.mails.len() >= n).await.mails
    }

    /// Waits until `reached` says so.
    ///
    /// # Panics
    /// When it has not after 30 seconds.
    pub async fn until(&self, mut reached: impl FnMut(&Traffic) -> bool) -> Traffic {
        let mut changes = self.shared.traffic.subscribe();
        self.patiently("expected traffic", async { drop(changes.wait_for(|traffic| reached(traffic)).await) }).await;
        self.traffic()
    }

    async fn patiently(&self, what: &str, wait: impl Future<Output = ()>) {
        let came = tokio::time::timeout(PATIENCE, wait).await;
        assert!(came.is_ok(), "no {what} in time; so far: {:?}", self.traffic());
    }

    /// Cuts every open connection, as a server does with those that idle; goes on accepting.
    pub fn cut(&self) {
        self.shared.cut.send_replace(());
    }

    /// Lets every connection that is held at an [`Action::Hold`] carry on.
    pub fn release(&self) {
        self.shared.release.send_replace(());
    }

    /// Stops, and waits until its port is free again.
    pub async fn stop(mut self) {
        self.task.abort();
        // The error is that it was aborted.
        drop((&mut self.task).await);
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests;
