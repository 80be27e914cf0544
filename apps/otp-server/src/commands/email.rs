//! `otp-server email`: what the mails look like, and whether they arrive.

use otp_core::email::EmailAddress;
use otp_core::id::MailId;
use otp_core::locale::Locale;
use otp_core::mail::{OutgoingMail, Sample, Sender};
use otp_core::port::{Clock, Delivery};
use otp_core::system::{SystemClock, SystemEntropy};
use otp_wire::mail::Mail;
use otp_wire::process::{Failure, Requirements, SettingArgs};
use serde_json::{Value, json};

use crate::cli::{EmailCommand, MailFormat};
use crate::output;

/// Who a mail is shown to be from and for, where nobody says so.
const SENDER: &str = "no-reply@example.org";
const RECIPIENT: &str = "ada@example.org";

/// Shows a mail, or sends one.
pub(crate) async fn run(settings: &SettingArgs, command: &EmailCommand) -> Result<(), Failure> {
    match command {
        EmailCommand::Preview { kind, locale, format } => preview(settings, *kind, *locale, *format),
        EmailCommand::SendTest { to, locale, json } => send_test(settings, to.clone(), *locale, *json).await,
    }
}

fn preview(settings: &SettingArgs, kind: Sample, locale: Locale, format: MailFormat) -> Result<(), Failure> {
    let config = settings.read()?;
    let from = match config.email_from {
        Some(sender) => sender,
        None => Sender { name: "OTP".to_owned(), address: address(SENDER)? },
    };
    let mail = OutgoingMail::sample(kind, fresh_id()?, from, address(RECIPIENT)?, locale, &config.public_url);
    let from = format!("{} <{}>", mail.from.name, mail.from.address.mailbox());
    match format {
        MailFormat::Text => {
            output::line(format_args!("From: {from}\nSubject: {}\n\n{}", mail.subject, mail.text.trim_end()))
        }
        MailFormat::Html => output::line(mail.html.trim_end()),
        MailFormat::Json => output::line(json!({
            "from": from, "to": mail.to.mailbox(), "subject": mail.subject, "text": mail.text, "html": mail.html,
            "locale": mail.locale.as_str(),
        })),
    }
}

async fn send_test(settings: &SettingArgs, to: EmailAddress, locale: Locale, json: bool) -> Result<(), Failure> {
    let config = settings.read()?;
    let missing: Vec<_> = Requirements::missing(&config).into_iter().filter(|name| *name != "OTP_SECRET_KEY").collect();
    let from = match config.email_from.clone() {
        Some(sender) if missing.is_empty() => sender,
        _ => {
            let what = format!("not set, or for development only: {}; no mail can be sent", missing.join(", "));
            return Err(Failure::Configuration(what));
        }
    };
    let mail = Mail::wire(&config)?;
    let letter = OutgoingMail::sample(Sample::SignIn, fresh_id()?, from, to, locale, &config.public_url);
    let (outcome, told) = mail.send_telling(&letter, SystemClock.now()).await;
    let tries = explained(&mail, told).await;
    let said = tell(&letter, &outcome, &tries, json);
    match outcome {
        Delivery::Sent => said,
        // What was said is on stdout; why it is not enough, on stderr.
        Delivery::BadRecipient => said.and(Err(Failure::Failed("that address gets no mail".to_owned()))),
        Delivery::Throttled(_) | Delivery::RejectedConfig => {
            said.and(Err(Failure::Failed("no provider took it".to_owned())))
        }
        Delivery::Transient => said.and(Err(match tries.iter().any(|it| it.is_reached) {
            true => Failure::Failed("no provider took it, though one would; it may do so later".to_owned()),
            false => Failure::Unreachable("no provider could be reached".to_owned()),
        })),
    }
}

/// What one provider has said.
struct Try {
    provider: String,
    delivery: Delivery,
    /// Whether it answers at all.
    is_reached: bool,
    /// Why it did not take the mail, as far as it says when asked how it is.
    detail: Option<String>,
}

/// What providers have answered, with why they would not take any mail, if so.
async fn explained(mail: &Mail, told: Vec<(&str, Delivery)>) -> Vec<Try> {
    let took = |delivery: &Delivery| matches!(delivery, Delivery::Sent | Delivery::BadRecipient);
    let checks = match told.iter().all(|(_, delivery)| took(delivery)) {
        true => Vec::new(),
        false => mail.check_each(SystemClock.now()).await,
    };
    let explain = |(provider, delivery): (&str, Delivery)| {
        let check = checks.iter().find(|(name, _)| *name == provider).filter(|_| !took(&delivery));
        let trouble = check.and_then(|(_, check)| check.as_ref().err());
        let is_reached = delivery != Delivery::Transient || trouble.is_none();
        Try { provider: provider.to_owned(), is_reached, detail: trouble.map(ToString::to_string), delivery }
    };
    told.into_iter().map(explain).collect()
}

fn tell(mail: &OutgoingMail, outcome: &Delivery, tries: &[Try], json: bool) -> Result<(), Failure> {
    if json {
        let providers = tries
            .iter()
            .map(|it| json!({ "provider": it.provider, "outcome": word(&it.delivery), "detail": it.detail }));
        let providers = Value::Array(providers.collect());
        return output::line(
            json!({ "mailId": mail.id.to_string(), "outcome": word(outcome), "providers": providers }),
        );
    }
    for Try { provider, delivery, detail, .. } in tries {
        let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        output::line(format_args!("{provider}  {}{detail}", word(delivery)))?;
    }
    Ok(())
}

/// As metrics have it.
const fn word(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Sent => "sent",
        Delivery::Throttled(_) => "throttled",
        Delivery::Transient => "transient",
        Delivery::BadRecipient => "bad_recipient",
        Delivery::RejectedConfig => "rejected_config",
    }
}

fn fresh_id() -> Result<MailId, Failure> {
    Ok(MailId::generate(&SystemEntropy::default())?)
}

fn address(text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text).map_err(|error| Failure::Failed(error.to_string()))
}
