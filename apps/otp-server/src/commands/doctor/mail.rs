//! Whether every provider of the chain would take mail.

use otp_core::port::Clock;
use otp_core::system::SystemClock;
use otp_wire::config::Config;
use otp_wire::mail::Mail;

use super::finding::{Check, Finding};

/// Connects to each provider and lets it say that it would. Nothing is found where there is none, or their URLs cannot
/// be read: that is the configuration's fault.
pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let Ok(mail) = Mail::wire(config) else { return Vec::new() };
    let checks = mail.check_each(SystemClock.now()).await;
    let found = checks.into_iter().map(|(name, check)| match check {
        Ok(()) => Finding::ok(Check::Mail, format!("{name} would take mail")),
        Err(trouble) => Finding::error(Check::Mail, format!("{name}: {trouble}"))
            .fix("look at its part of OTP_EMAIL_URL, counted from 1, and at the way there"),
    });
    found.collect()
}
