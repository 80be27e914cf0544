//! What cannot be left to defaults.

use otp_core::keys::MasterKey;
use otp_core::mail::Sender;
use otp_core::system::SystemEntropy;

use super::Failure;
use crate::config::{Config, MailRoute};

/// What the service cannot run without and nothing can stand in for.
#[derive(Debug, Clone)]
pub struct Requirements {
    /// The master key.
    pub master: MasterKey,
    /// The one before, if there was one.
    pub previous: Option<MasterKey>,
    /// Who mail is from.
    pub sender: Sender,
}

impl Requirements {
    /// Takes them from `config`.
    ///
    /// # Errors
    /// [`Failure::Configuration`]: one screen that lists all that are missing, each with a way to get it.
    pub fn of(config: &Config) -> Result<Self, Failure> {
        let has_inbox = has_inbox(config);
        match (&config.secret_key, &config.email_from) {
            (Some(master), Some(sender)) if !config.email.is_empty() && !has_inbox => {
                let previous = config.secret_key_previous.clone();
                Ok(Self { master: master.clone(), previous, sender: sender.clone() })
            }
            _ => Err(Failure::Configuration(Self::screen(config, has_inbox)?)),
        }
    }

    /// The variables of those that `config` lacks.
    pub fn missing(config: &Config) -> Vec<&'static str> {
        let lacks = [
            ("OTP_SECRET_KEY", config.secret_key.is_none()),
            ("OTP_EMAIL_URL", config.email.is_empty() || has_inbox(config)),
            ("OTP_EMAIL_FROM", config.email_from.is_none()),
        ];
        lacks.into_iter().filter_map(|(name, is_missing)| is_missing.then_some(name)).collect()
    }

    fn screen(config: &Config, has_inbox: bool) -> Result<String, Failure> {
        let mut screen = String::from("the configuration is not complete. Still missing:\n");
        if config.secret_key.is_none() {
            let fresh = MasterKey::generate(&SystemEntropy::default())?.to_base64();
            screen.push_str(&format!(
                "\n  OTP_SECRET_KEY   every code, token and stored address depends on it; keep it safe and backed up.\n\
                 \x20                  A fresh one, made just now and kept nowhere:\n\n\
                 \x20                  export OTP_SECRET_KEY={fresh}\n"
            ));
        }
        if config.email.is_empty() || has_inbox {
            let why = if has_inbox { "inbox:// is for development only; name" } else { "name" };
            screen.push_str(&format!(
                "\n  OTP_EMAIL_URL    how mail is sent; {why} your mail server:\n\n\
                 \x20                  export OTP_EMAIL_URL='smtp://USER:PASSWORD@mail.example.org:587'\n"
            ));
        }
        if config.email_from.is_none() {
            screen.push_str(
                "\n  OTP_EMAIL_FROM   who mail is from:\n\n\
                 \x20                  export OTP_EMAIL_FROM='Example <no-reply@example.org>'\n",
            );
        }
        screen.push_str("\nEach may stand in --config FILE too, and every secret in a file named by …_FILE. To try things out: otp-server dev\n");
        Ok(screen)
    }
}

/// Whether mail would go to the development mailbox.
fn has_inbox(config: &Config) -> bool {
    config.email.iter().any(|route| matches!(route, MailRoute::Inbox))
}
