//! Ways to send mail, from their URLs.

use std::sync::Arc;

use otp_core::mail::OutgoingMail;
use otp_core::port::{Delivery, MailTrouble, Mailer};
use otp_core::time::Timestamp;
use otp_email::Failover;
#[cfg(feature = "inbox")]
pub use otp_email::{Inbox, InboxMail};
use secrecy::ExposeSecret;

use crate::config::{Config, ConfigError, MailRoute};

/// What sends the mail.
pub struct Mail {
    /// The mailer: one provider, or a chain of them.
    pub mailer: Arc<dyn Mailer>,
    chain: Arc<Failover>,
    /// The development mailbox, if it is among the providers.
    #[cfg(feature = "inbox")]
    pub inbox: Option<Arc<Inbox>>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

impl Mail {
    /// Builds the chain of `config.email`. Connects to nothing.
    ///
    /// # Errors
    /// [`ConfigError`] when a URL cannot be read, or names a provider this build has not got.
    pub fn wire(config: &Config) -> Result<Self, ConfigError> {
        let mut chain: Vec<(String, Arc<dyn Mailer>)> = Vec::new();
        #[cfg(feature = "inbox")]
        let mut inbox = None;
        let mut errors = Vec::new();
        for (place, route) in config.email.iter().enumerate() {
            match route {
                #[cfg(feature = "inbox")]
                MailRoute::Inbox => {
                    let mailbox = inbox.get_or_insert_with(|| Arc::new(Inbox::default()));
                    chain.push(("inbox".to_owned(), mailbox.clone()));
                }
                #[cfg(not(feature = "inbox"))]
                MailRoute::Inbox => errors.push(missing_feature("inbox", "inbox")),
                MailRoute::Url(url) => match by_scheme(url.expose_secret(), config) {
                    Ok((scheme, mailer)) => chain.push((format!("{scheme}-{}", place + 1), mailer)),
                    Err(error) => errors.push(error),
                },
            }
        }
        if !errors.is_empty() {
            return Err(ConfigError(errors));
        }
        let chain = Arc::new(Failover::new(chain));
        Ok(Self {
            mailer: chain.clone(),
            chain,
            #[cfg(feature = "inbox")]
            inbox,
        })
    }

    /// Sends `mail`, and tells what each provider has answered that was asked, by its name, in order.
    pub async fn send_telling(&self, mail: &OutgoingMail, now: Timestamp) -> (Delivery, Vec<(&str, Delivery)>) {
        self.chain.send_telling(mail, now).await
    }

    /// Whether each provider would take mail now, by its name, in order. None is sent.
    pub async fn check_each(&self, now: Timestamp) -> Vec<(&str, Result<(), MailTrouble>)> {
        self.chain.check_each(now).await
    }
}

/// The provider a URL's scheme names. A feature decides what can be wired, the scheme what is.
fn by_scheme(url: &str, config: &Config) -> Result<(&'static str, Arc<dyn Mailer>), String> {
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("smtp" | "smtps") => smtp(url, config).map(|mailer| ("smtp", mailer)),
        Some(scheme @ ("resend" | "sendgrid" | "ses")) => Err(missing_feature(scheme, scheme)),
        _ => Err("email: the URL of a provider begins with smtp:// or smtps://".to_owned()),
    }
}

#[cfg(feature = "smtp")]
fn smtp(url: &str, config: &Config) -> Result<Arc<dyn Mailer>, String> {
    let mut smtp = otp_email::SmtpConfig::from_url(url).map_err(|error| format!("email: {error}"))?;
    let roots = config.tls_ca_file.as_ref().map(std::fs::read_to_string).transpose();
    smtp.extra_roots = roots.map_err(|error| format!("tls_ca_file: {error}"))?;
    let mailer = otp_email::Smtp::new(smtp).map_err(|error| format!("email: {error}"))?;
    Ok(Arc::new(mailer))
}

#[cfg(not(feature = "smtp"))]
fn smtp(_: &str, _: &Config) -> Result<Arc<dyn Mailer>, String> {
    Err(missing_feature("smtp", "smtp"))
}

fn missing_feature(scheme: &str, feature: &str) -> String {
    format!("email: {scheme}:// needs the feature `{feature}`, which this build has not got")
}
