//! What a recipient's program reads.

use otp_core::port::{Delivery, Mailer};
use otp_core::time::Timestamp;
use otp_testkit::smtp_sink::SmtpSink;

use crate::sample::{ADA, NOW, address, mail, mail_to, smtp};

#[tokio::test]
async fn every_header_and_both_parts() {
    let sink = SmtpSink::start().await.unwrap();
    let mail = mail();
    assert_eq!(smtp(&sink).send(&mail, NOW).await, Delivery::Sent);
    let taken = sink.next_to(ADA).await;
    for (name, value) in [
        ("From", r#""Acme" <no-reply@acme.example>"#),
        ("To", ADA),
        ("Subject", "Your sign-in code"),
        ("Date", "Tue, 14 Nov 2023 22:13:20 +0000"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", "de"),
        ("MIME-Version", "1.0"),
    ] {
        let same = |found: &str| found.replace('"', "") == value.replace('"', "");
        assert!(taken.header(name).is_some_and(same), "{name}: {:?}", taken.header(name));
    }
    assert_eq!(taken.part_types, ["text/plain", "text/html"]);
    assert_eq!((&taken.text, &taken.html), (&mail.text, &mail.html));
    assert_eq!(taken.code(), Some("012345678"));
    let names: Vec<_> = taken.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    assert!(names.iter().all(|name| names.iter().filter(|other| *other == name).count() == 1), "{names:?}");
}

#[tokio::test]
async fn the_same_mail_is_the_same_octets() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    for _ in 0..2 {
        assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    }
    let mails = sink.mails();
    assert_eq!(mails[0].raw, mails[1].raw);
}

#[tokio::test]
async fn names_and_subjects_of_any_script() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    for text in ["Zoë's Bücher", "日本語のサービス", "a, b; c: d", "\"quoted\" \\ <x@y.test>", "😀 x 😀"]
    {
        let mut mail = mail();
        mail.from.name = text.to_owned();
        mail.subject = text.to_owned();
        mail.text = format!("{text}\n");
        assert_eq!(smtp.send(&mail, NOW).await, Delivery::Sent);
        let taken = sink.next_to(ADA).await;
        assert!(taken.raw.is_ascii());
        assert_eq!(taken.sender, (Some(text.to_owned()), "no-reply@acme.example".to_owned()));
        assert_eq!((taken.subject.as_str(), taken.text.trim_end()), (text, text));
    }
}

#[tokio::test]
async fn no_name_is_no_name() {
    let sink = SmtpSink::start().await.unwrap();
    let mut mail = mail();
    mail.from.name = " \t".to_owned();
    assert_eq!(smtp(&sink).send(&mail, NOW).await, Delivery::Sent);
    assert_eq!(sink.next_to(ADA).await.sender, (None, "no-reply@acme.example".to_owned()));
}

#[tokio::test]
async fn no_header_comes_out_of_a_name_or_subject() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    for break_ in ["\r\n", "\n", "\r", "\u{85}", "\0"] {
        let mut mail = mail();
        mail.from.name = format!("Acme{break_}Bcc: eve@evil.test");
        mail.subject = format!("Code{break_}Bcc: eve@evil.test{break_}{break_}body");
        assert_eq!(smtp.send(&mail, NOW).await, Delivery::Sent);
        let taken = sink.next_to(ADA).await;
        assert_eq!(taken.header("Bcc"), None);
        assert_eq!((taken.text.as_str(), taken.to.len()), (mail.text.as_str(), 1));
        assert_eq!(taken.sender.1, "no-reply@acme.example");
        assert!(!taken.sender.0.as_ref().unwrap().contains(char::is_control), "{:?}", taken.sender);
        assert!(!taken.subject.contains(char::is_control), "{:?}", taken.subject);
    }
}

#[tokio::test]
async fn no_line_is_too_long() {
    let sink = SmtpSink::start().await.unwrap();
    let mut mail = mail();
    mail.subject = "x".repeat(3000);
    mail.from.name = "y".repeat(3000);
    mail.from.address = address(&format!("no-reply@{}acme.example", "deep.".repeat(40)));
    mail.text = "z".repeat(3000);
    assert_eq!(smtp(&sink).send(&mail, NOW).await, Delivery::Sent);
    let taken = sink.next_to(ADA).await;
    assert!(taken.subject.starts_with(&"x".repeat(250)) && taken.subject.ends_with('…'));
    assert_eq!(taken.text, mail.text);
    assert_eq!(taken.header("Message-ID"), Some(format!("<{}@{}>", mail.id, mail.from.address.domain()).as_str()));
}

#[tokio::test]
async fn any_time_is_a_date() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    for (millis, date) in [(i64::MIN, "Thu, 01 Jan 1970 00:00:00 +0000"), (i64::MAX, "Fri, 31 Dec 9999 23:59:59 +0000")]
    {
        assert_eq!(smtp.send(&mail(), Timestamp::from_millis(millis)).await, Delivery::Sent);
        assert_eq!(sink.next_to(ADA).await.header("Date"), Some(date));
    }
}

#[tokio::test]
async fn addresses_beyond_ascii() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    assert_eq!(smtp.send(&mail_to("jürgen@bücher.example"), NOW).await, Delivery::Sent);
    let taken = sink.next_to("jürgen@xn--bcher-kva.example").await;
    assert_eq!(taken.header("To"), Some("jürgen@xn--bcher-kva.example"));

    let old = SmtpSink::builder().without_smtputf8().start().await.unwrap();
    let smtp = crate::sample::smtp(&old);
    assert_eq!(smtp.send(&mail_to("jürgen@example.org"), NOW).await, Delivery::BadRecipient);
    let mut from_jürgen = mail();
    from_jürgen.from.address = address("jürgen@example.org");
    assert_eq!(smtp.send(&from_jürgen, NOW).await, Delivery::RejectedConfig);
    assert_eq!(smtp.send(&mail_to("ada@bücher.example"), NOW).await, Delivery::Sent);
    assert_eq!(old.traffic().accepted, 1);
}
