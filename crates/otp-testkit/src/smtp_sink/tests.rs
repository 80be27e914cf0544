//! The sink against a client that is nothing but a socket.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Action, SmtpSink, Stage};

/// Writes everything at once and reads to the end, so each script must end the connection.
async fn talk(to: SocketAddr, script: &str) -> String {
    let mut socket = TcpStream::connect(to).await.unwrap();
    socket.write_all(script.as_bytes()).await.unwrap();
    let mut replies = String::new();
    // A connection that was cut may end in a reset; what came before it counts.
    drop(socket.read_to_string(&mut replies).await);
    replies
}

fn codes(replies: &str) -> Vec<&str> {
    replies.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|line| &line[..3]).collect()
}

const ENVELOPE: &str = "EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n";

#[tokio::test]
async fn takes_a_pipelined_mail_and_unstuffs_its_dots() {
    let sink = SmtpSink::start().await.unwrap();
    let text = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Long: one\r\n two\r\n\r\n..dot\r\n.\r\n";
    let replies = talk(sink.address(), &format!("{ENVELOPE}{text}NOOP\r\nQUIT\r\n")).await;
    assert_eq!(codes(&replies), ["220", "250", "250", "250", "354", "250", "250", "221"]);
    let mail = sink.next_to("C@D.test").await;
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("a@b.test", ["c@d.test".to_owned()].as_slice()));
    assert_eq!(mail.raw, text.replace("..dot", ".dot").strip_suffix(".\r\n").unwrap().as_bytes());
    assert_eq!(
        (mail.subject.as_str(), mail.header("x-long"), mail.text.as_str()),
        ("Grüße", Some("one two"), ".dot\n")
    );
}

#[tokio::test]
async fn refuses_what_would_end_the_message_elsewhere() {
    let sink = SmtpSink::start().await.unwrap();
    for smuggled in ["a\n.\r\nb\r\n.\r\n", "a\r\n.\nb\r\n.\r\n", "a\r.\r\n.\r\n"] {
        let replies = talk(sink.address(), &format!("{ENVELOPE}{smuggled}QUIT\r\n")).await;
        assert_eq!(codes(&replies), ["220", "250", "250", "250", "354", "550", "221"], "{smuggled:?}");
    }
    let eight_bit = talk(sink.address(), &format!("{ENVELOPE}A: b\r\n\r\nü\r\n.\r\nQUIT\r\n")).await;
    assert!(eight_bit.contains("554 5.6.3"), "{eight_bit}");
    let headers = talk(sink.address(), &format!("{ENVELOPE}A: ü\r\n\r\nb\r\n.\r\nQUIT\r\n")).await;
    assert!(headers.contains("554 5.6.7"), "{headers}");
    let long = talk(sink.address(), &format!("{ENVELOPE}{}\r\n.\r\nQUIT\r\n", "x".repeat(999))).await;
    assert_eq!(codes(&long)[5], "500");
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn wants_the_right_credentials() {
    let sink = SmtpSink::builder().auth("ada", "pass").start().await.unwrap();
    let early = talk(sink.address(), "EHLO me\r\nMAIL FROM:<a@b.test>\r\nQUIT\r\n").await;
    assert_eq!(codes(&early), ["220", "250", "530", "221"]);
    // \0ada\0pass, then \0ada\0wrong.
    let plain = talk(sink.address(), "EHLO me\r\nAUTH PLAIN AGFkYQBwYXNz\r\nQUIT\r\n").await;
    assert_eq!(codes(&plain), ["220", "250", "235", "221"]);
    let wrong = talk(sink.address(), "EHLO me\r\nAUTH PLAIN AGFkYQB3cm9uZw==\r\nQUIT\r\n").await;
    assert_eq!(codes(&wrong), ["220", "250", "535", "221"]);
    let login = talk(sink.address(), "EHLO me\r\nAUTH LOGIN\r\nYWRh\r\ncGFzcw==\r\nQUIT\r\n").await;
    assert_eq!(codes(&login), ["220", "250", "334", "334", "235", "221"]);
}

#[tokio::test]
async fn follows_its_script_in_order() {
    let sink = SmtpSink::start().await.unwrap();
    sink.next(Stage::Rcpt, Action::reply("450 4.2.0 later"));
    sink.next(Stage::Rcpt, Action::reply("550 5.1.1 never"));
    let rcpt = "EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRCPT TO:<c@d.test>\r\nQUIT\r\n";
    assert_eq!(codes(&talk(sink.address(), rcpt).await), ["220", "250", "250", "450", "550", "221"]);
    sink.next(Stage::Connect, Action::reply("421 4.3.2 closed"));
    assert_eq!(codes(&talk(sink.address(), "").await), ["421"]);
    sink.next(Stage::Taken, Action::Drop);
    let mail = format!("{ENVELOPE}\r\n.\r\n");
    assert_eq!(codes(&talk(sink.address(), &mail).await), ["220", "250", "250", "250", "354"]);
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn gives_each_mail_out_once_and_cuts_those_who_hang() {
    let sink = SmtpSink::start().await.unwrap();
    for subject in ["first", "second"] {
        talk(sink.address(), &format!("{ENVELOPE}Subject: {subject}\r\n\r\n012345\r\n.\r\nQUIT\r\n")).await;
    }
    assert_eq!(sink.next_to("c@d.test").await.subject, "first");
    assert_eq!(sink.next_to("c@d.test").await.subject, "second");
    assert_eq!(sink.taken(2).await[0].code(), Some("012345"));

    sink.next(Stage::Hello, Action::Hold);
    let (replies, ()) = tokio::join!(talk(sink.address(), "EHLO me\r\nQUIT\r\n"), async {
        sink.until(|traffic| traffic.held == 1).await;
        sink.release();
    });
    assert_eq!(codes(&replies).first(), Some(&"220"));
    assert_eq!(codes(&replies).last(), Some(&"221"));

    sink.next(Stage::Hello, Action::Hang);
    let hangs = talk(sink.address(), "EHLO me\r\n");
    let (replies, ()) = tokio::join!(hangs, async {
        sink.until(|traffic| traffic.hung == 1).await;
        sink.cut();
    });
    assert_eq!(codes(&replies), ["220"]);
    sink.until(|traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn comes_back_on_the_same_port() {
    let sink = SmtpSink::start().await.unwrap();
    let address = sink.address();
    let open = TcpStream::connect(address).await.unwrap();
    sink.until(|traffic| traffic.open == 1).await;
    sink.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
    let again = SmtpSink::builder().at(address).start().await.unwrap();
    assert_eq!(codes(&talk(again.address(), "QUIT\r\n").await), ["220", "221"]);
    drop(open);
}
