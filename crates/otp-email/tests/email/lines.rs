//! Connections: kept, lost, made again, many at once.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use otp_core::id::MailId;
use otp_core::port::{Delivery, Mailer};
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};

use crate::sample::{ADA, NOW, mail, mail_to, smtp};

#[tokio::test]
async fn one_connection_carries_mail_after_mail() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    for _ in 0..3 {
        assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    }
    sink.next(Stage::Rcpt, Action::reply("550 5.1.1 no such user"));
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::BadRecipient);
    sink.next(Stage::Mail, Action::reply("451 4.3.0 later"));
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Transient);
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    assert_eq!((sink.traffic().accepted, sink.mails().len()), (1, 4));
    let a_minute_later = NOW.plus(Duration::from_millis(60_001));
    assert_eq!(smtp.send(&mail(), a_minute_later).await, Delivery::Sent);
    assert_eq!(sink.traffic().accepted, 2);
}

#[tokio::test]
async fn a_kept_connection_that_was_cut_loses_no_mail() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    sink.cut();
    sink.until(|traffic| traffic.open == 0).await;
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    // Some servers say so before they hang up.
    sink.next(Stage::Mail, Action::reply("421 4.4.2 idle for too long"));
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    assert_eq!((sink.traffic().accepted, sink.mails().len()), (3, 3));
}

#[tokio::test]
async fn a_server_that_comes_back_gets_mail_again() {
    let sink = SmtpSink::start().await.unwrap();
    let (smtp, address) = (smtp(&sink), sink.address());
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    sink.stop().await;
    for _ in 0..3 {
        assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Transient);
    }
    let back = SmtpSink::builder().at(address).start().await.unwrap();
    assert_eq!(smtp.send(&mail(), NOW).await, Delivery::Sent);
    assert_eq!(back.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = Arc::new(smtp(&sink));
    let sends: Vec<_> = (0..50_u32)
        .map(|i| {
            let smtp = smtp.clone();
            let mut mail = mail_to(&format!("user{i}@example.org"));
            mail.id = MailId::from_u128(u128::from(i));
            mail.text = format!("{i}\n");
            tokio::spawn(async move { smtp.send(&mail, NOW).await })
        })
        .collect();
    for send in sends {
        assert_eq!(send.await.unwrap(), Delivery::Sent);
    }
    for i in 0..50 {
        assert_eq!(sink.next_to(&format!("user{i}@example.org")).await.text, format!("{i}\n"));
    }
    assert_eq!(sink.mails().len(), 50);
    assert!(sink.traffic().accepted <= 10, "{}", sink.traffic().accepted);
}

/// Runs `future` for so many polls. Each is a step of the dialogue, since only an answer wakes it.
async fn cut_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_send_dropped_halfway_spoils_nothing() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    let doomed = mail_to("doomed@example.org");
    for polls in 0.. {
        let finished = cut_after(polls, smtp.send(&doomed, NOW)).await.is_some();
        let mut next = mail();
        next.text = format!("after {polls}\n");
        assert_eq!(smtp.send(&next, NOW).await, Delivery::Sent);
        assert_eq!(sink.next_to(ADA).await.text, next.text);
        // On a connection out of step the answer to something else would take this one.
        sink.next(Stage::Dot, Action::reply("554 5.7.1 no"));
        assert_eq!(smtp.send(&next, NOW).await, Delivery::RejectedConfig);
        if finished {
            assert!(polls >= 5, "a send waits for four answers");
            return;
        }
    }
}
