//! What the tests send, and with what.

use otp_core::email::EmailAddress;
use otp_core::id::MailId;
use otp_core::locale::Locale;
use otp_core::mail::{OutgoingMail, Sender};
use otp_core::time::Timestamp;
use otp_email::{Smtp, SmtpConfig};
use otp_testkit::smtp_sink::SmtpSink;

/// 2023-11-14T22:13:20Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
pub(crate) const ADA: &str = "ada@example.org";

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn mail_to(to: &str) -> OutgoingMail {
    OutgoingMail {
        id: MailId::from_u128(42),
        from: Sender { name: "Acme".to_owned(), address: address("no-reply@acme.example") },
        to: address(to),
        subject: "Your sign-in code".to_owned(),
        text: "Enter this code:\n\n012345678\n\nIt works once.\n".to_owned(),
        html: "<p>Enter this code: <b>012345678</b></p>\n".to_owned(),
        locale: Locale::De,
    }
}

pub(crate) fn mail() -> OutgoingMail {
    mail_to(ADA)
}

pub(crate) fn config(sink: &SmtpSink) -> SmtpConfig {
    SmtpConfig::from_url(&sink.url()).unwrap()
}

pub(crate) fn smtp(sink: &SmtpSink) -> Smtp {
    Smtp::new(config(sink)).unwrap()
}
