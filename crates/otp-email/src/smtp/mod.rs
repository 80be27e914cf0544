//! Any SMTP relay (RFC 5321, RFC 6409).

mod config;
mod dialogue;
mod pool;
mod trouble;
mod url;

pub use config::{Credentials, Security, SmtpConfig, SmtpConfigError};

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Noop, Rset};
use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use tokio::time::timeout;

use crate::mime::Letter;
use dialogue::Relay;
use pool::Pool;
use trouble::{Step, Trouble};

/// How long a mail may take, the wait for a connection included; the port allows 30 seconds.
const SEND_DEADLINE: Duration = Duration::from_secs(25);
/// How long a check may take; the port allows 5 seconds.
const CHECK_DEADLINE: Duration = Duration::from_millis(4500);

/// Sends mail through one relay, over connections it keeps.
///
/// A connection is kept only after a dialogue that came to its end. Wherever a send is cut short – by
/// its deadline, or by a caller who no longer waits – its connection goes with it: a connection whose
/// last answer nobody has read would give that answer to the next mail.
pub struct Smtp {
    relay: Relay,
    pool: Pool,
}

impl Smtp {
    /// A mailer for the relay `config` names. Connects when it is first used.
    ///
    /// # Errors
    /// [`SmtpConfigError`] for roots that are no certificates and names that are none.
    pub fn new(config: SmtpConfig) -> Result<Self, SmtpConfigError> {
        Ok(Self { relay: Relay::new(config)?, pool: Pool::default() })
    }

    /// A connection on which the server has taken the sender.
    async fn begin(&self, letter: &Letter, now: Timestamp) -> Result<AsyncSmtpConnection, Trouble> {
        if let Some(mut kept) = self.pool.take(now) {
            match dialogue::sender(&mut kept, letter).await {
                Ok(()) => return Ok(kept),
                // The server has hung up since. Nothing was sent yet, so a new connection is no second try.
                Err(trouble) if trouble.is_broken_line() => self.pool.clear(),
                Err(trouble) => return Err(self.keep_if_reset(kept, trouble, now).await),
            }
        }
        let mut fresh = self.relay.connect().await?;
        match dialogue::sender(&mut fresh, letter).await {
            Ok(()) => Ok(fresh),
            Err(trouble) => Err(self.keep_if_reset(fresh, trouble, now).await),
        }
    }

    async fn hand_over(&self, letter: &Letter, now: Timestamp) -> Result<(), Trouble> {
        let _place = self.pool.place().await;
        let mut connection = self.begin(letter, now).await?;
        match dialogue::recipient_and_content(&mut connection, letter).await {
            Ok(()) => {
                self.pool.keep(connection, now);
                Ok(())
            }
            Err(trouble) => Err(self.keep_if_reset(connection, trouble, now).await),
        }
    }

    /// Keeps a connection on which the server has said no, if it lets the transaction be forgotten.
    async fn keep_if_reset(&self, mut connection: AsyncSmtpConnection, trouble: Trouble, now: Timestamp) -> Trouble {
        if trouble.is_refusal() && connection.command(Rset).await.is_ok() {
            self.pool.keep(connection, now);
        }
        trouble
    }

    async fn look(&self) -> Result<(), Trouble> {
        let mut connection = self.relay.connect().await?;
        connection.command(Noop).await.map_err(|error| Trouble::new(Step::Greeting, &error))?;
        // The answer is known; a server that does not say goodbye changes nothing about it.
        drop(connection.quit().await);
        Ok(())
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &OutgoingMail, now: Timestamp) -> Delivery {
        let letter = Letter::new(mail, now);
        let done = timeout(SEND_DEADLINE, Box::pin(self.hand_over(&letter, now))).await;
        let Err(trouble) = done.unwrap_or(Err(Trouble::Late)) else {
            return Delivery::Sent;
        };
        let delivery = trouble.delivery();
        tracing::info!(relay = self.relay.host(), %trouble, outcome = ?delivery, "the relay did not take a mail");
        delivery
    }

    async fn check(&self, _now: Timestamp) -> Result<(), MailTrouble> {
        let done = timeout(CHECK_DEADLINE, Box::pin(self.look())).await;
        done.unwrap_or(Err(Trouble::Late)).map_err(|trouble| MailTrouble(trouble.to_string()))
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("relay", &self.relay.host()).finish_non_exhaustive()
    }
}
