//! What each answer of a server means.

use std::time::Duration;

use otp_core::port::{Delivery, Mailer};
use otp_email::{Credentials, Smtp, SmtpConfig};
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};
use tokio::time::Instant;

use crate::sample::{ADA, NOW, config, mail, smtp};

#[tokio::test]
async fn every_reply_has_a_meaning() {
    use Delivery::{BadRecipient, RejectedConfig, Throttled, Transient};
    let sink = SmtpSink::start().await.unwrap();
    for (stage, reply, expected) in [
        (Stage::Connect, "421 4.3.2 too many connections", Throttled(None)),
        (Stage::Connect, "554 5.7.1 blocked", RejectedConfig),
        (Stage::Connect, "not smtp", Transient),
        (Stage::Hello, "550 5.7.1 who are you", RejectedConfig),
        (Stage::Hello, "451 4.3.0 later", Transient),
        (Stage::Mail, "530 5.7.0 authenticate first", RejectedConfig),
        (Stage::Mail, "550 5.1.8 no such sender", RejectedConfig),
        (Stage::Mail, "553 not your address", RejectedConfig),
        (Stage::Mail, "550 5.1.1 odd", RejectedConfig),
        (Stage::Mail, "451 4.7.500 server busy", Throttled(None)),
        (Stage::Mail, "452 4.3.1 out of storage", Throttled(None)),
        (Stage::Mail, "454 Throttling failure: maximum sending rate exceeded", Throttled(None)),
        (Stage::Mail, "451 4.3.0 later", Transient),
        (Stage::Rcpt, "550 no such user", BadRecipient),
        (Stage::Rcpt, "550 5.1.1 no such user", BadRecipient),
        (Stage::Rcpt, "550-5.1.1 no such user\r\n550 5.1.1 really", BadRecipient),
        (Stage::Rcpt, "550 5.4.1 access denied", BadRecipient),
        (Stage::Rcpt, "551 5.1.6 moved", BadRecipient),
        (Stage::Rcpt, "553 bad name", BadRecipient),
        (Stage::Rcpt, "554 5.2.1 disabled", BadRecipient),
        (Stage::Rcpt, "552 5.2.2 mailbox full", BadRecipient),
        (Stage::Rcpt, "552 mailbox full", Transient),
        (Stage::Rcpt, "452 4.2.2 mailbox full", Transient),
        (Stage::Rcpt, "450 4.1.2 domain not found", Transient),
        (Stage::Rcpt, "450 4.7.1 greylisted", Transient),
        (Stage::Rcpt, "451 try later", Transient),
        (Stage::Rcpt, "452 4.5.3 too many recipients", Throttled(None)),
        (Stage::Rcpt, "421 4.7.0 going away", Throttled(None)),
        (Stage::Rcpt, "550 5.7.1 relaying denied", RejectedConfig),
        (Stage::Rcpt, "554 5.7.1 relay access denied", RejectedConfig),
        (Stage::Rcpt, "550 5.1.7 bad sender", RejectedConfig),
        (Stage::Rcpt, "554 no", RejectedConfig),
        (Stage::Rcpt, "530 5.7.0 authenticate first", RejectedConfig),
        (Stage::Data, "554 5.5.1 no valid recipients", RejectedConfig),
        (Stage::Data, "250 2.0.0 out of step", Transient),
        (Stage::Dot, "550 5.1.1 no such user", BadRecipient),
        (Stage::Dot, "554 5.7.1 looks like spam", RejectedConfig),
        (Stage::Dot, "550 no", RejectedConfig),
        (Stage::Dot, "451 4.3.0 later", Transient),
        (Stage::Dot, "450 4.7.1 slow down", Throttled(None)),
        (Stage::Dot, "354 out of step", Transient),
    ] {
        sink.next(stage, Action::reply(reply));
        // A mailer of its own each time: connections kept skip the first stages.
        assert_eq!(smtp(&sink).send(&mail(), NOW).await, expected, "{stage:?}: {reply}");
    }
    for stage in [Stage::Connect, Stage::Hello, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot, Stage::Taken] {
        sink.next(stage, Action::Drop);
        assert_eq!(smtp(&sink).send(&mail(), NOW).await, Transient, "dropped at {stage:?}");
    }
    assert_eq!(sink.mails().len(), 1, "only the one whose answer was dropped");
    assert_eq!(smtp(&sink).send(&mail(), NOW).await, Delivery::Sent);
}

#[tokio::test]
async fn credentials() {
    let sink = SmtpSink::builder().auth("us er@acme.example", "p@ss:w/ö%rd").start().await.unwrap();
    let with = |username: &str, password: &str| {
        let credentials = Credentials { username: username.into(), password: password.into() };
        Smtp::new(SmtpConfig { credentials: Some(credentials), ..config(&sink) }).unwrap()
    };
    let right = with("us er@acme.example", "p@ss:w/ö%rd");
    assert_eq!(right.send(&mail(), NOW).await, Delivery::Sent);
    assert_eq!(sink.next_to(ADA).await.authenticated.as_deref(), Some("us er@acme.example"));
    assert_eq!(right.check(NOW).await, Ok(()));

    let wrong = with("us er@acme.example", "guess");
    assert_eq!(wrong.send(&mail(), NOW).await, Delivery::RejectedConfig);
    assert_eq!(wrong.check(NOW).await.unwrap_err().to_string(), "the server refused the credentials (535 5.7.8)");
    assert_eq!(smtp(&sink).send(&mail(), NOW).await, Delivery::RejectedConfig);

    sink.next(Stage::Auth, Action::reply("454 4.7.0 temporary failure"));
    assert_eq!(with("us er@acme.example", "p@ss:w/ö%rd").send(&mail(), NOW).await, Delivery::Throttled(None));
    sink.next(Stage::Auth, Action::reply("454 temporary failure"));
    assert_eq!(with("us er@acme.example", "p@ss:w/ö%rd").send(&mail(), NOW).await, Delivery::Transient);

    let open = SmtpSink::start().await.unwrap();
    let credentials = Credentials { username: "a".into(), password: "b".into() };
    let unasked = Smtp::new(SmtpConfig { credentials: Some(credentials), ..config(&open) }).unwrap();
    assert_eq!(unasked.send(&mail(), NOW).await, Delivery::RejectedConfig);
}

#[tokio::test]
async fn nobody_there() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    sink.stop().await;
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Transient);
    let trouble = smtp.check(NOW).await.unwrap_err().to_string();
    assert!(trouble.starts_with("no connection to the server: Connection refused"), "{trouble}");
}

/// The server hangs for real; then the time that would pass is skipped.
#[tokio::test]
async fn a_server_that_hangs_is_left_in_time() {
    for stage in [Stage::Connect, Stage::Hello, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
        let sink = SmtpSink::start().await.unwrap();
        let smtp = smtp(&sink);
        sink.next(stage, Action::Hang);
        let skip = async |deadline: Duration| {
            sink.until(|traffic| traffic.hung == 1).await;
            tokio::time::pause();
            tokio::time::advance(deadline).await;
            tokio::time::resume();
        };
        let mail = mail();
        let begun = Instant::now();
        let (delivery, ()) = tokio::join!(smtp.send(&mail, NOW), skip(Duration::from_secs(26)));
        assert_eq!(delivery, Delivery::Transient, "{stage:?}");
        assert!(begun.elapsed() < Duration::from_secs(30), "the limit of the port");
        // The connection is gone with the send; the next mail does not meet it.
        sink.until(|traffic| traffic.open == 0).await;
        assert_eq!(smtp.send(&mail, NOW).await, Delivery::Sent, "{stage:?}");
        assert_eq!(sink.mails().len(), 1);
    }
}

#[tokio::test]
async fn a_check_that_hangs_ends_in_time() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    sink.next(Stage::Hello, Action::Hang);
    let begun = Instant::now();
    let (checked, ()) = tokio::join!(smtp.check(NOW), async {
        sink.until(|traffic| traffic.hung == 1).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(4600)).await;
        tokio::time::resume();
    });
    assert_eq!(checked.unwrap_err().to_string(), "the server did not answer in time");
    assert!(begun.elapsed() < Duration::from_secs(5), "the limit of the port");
    assert_eq!(smtp.check(NOW).await, Ok(()));
}
