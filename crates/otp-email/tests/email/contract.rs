//! The contract of the port, line by line.

use otp_core::port::{Delivery, Mailer};
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};

use crate::sample::{ADA, NOW, mail, smtp};

#[tokio::test]
async fn a_mail_keeps_its_id() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    let mail = mail();
    // The server takes the mail, and its answer is lost: nobody can know, so it is sent again.
    sink.next(Stage::Taken, Action::Drop);
    assert_eq!(smtp.send(&mail, NOW).await, Delivery::Transient);
    assert_eq!(smtp.send(&mail, NOW).await, Delivery::Sent);
    let ids: Vec<_> = sink.mails().iter().map(|mail| mail.header("Message-ID").unwrap().to_owned()).collect();
    let expected = format!("<{}@acme.example>", mail.id);
    assert_eq!(ids, [expected.clone(), expected]);
}

#[tokio::test]
async fn one_message_for_one_mail() {
    let sink = SmtpSink::start().await.unwrap();
    let smtp = smtp(&sink);
    let texts = [
        "hello\r\n.\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<z@y.test>\r\nDATA\r\nspam\r\n.\r\nbye",
        "\r\n.\r\nMAIL FROM:<x@y.test>",
        "a\n.\nMAIL FROM:<x@y.test>\n",
        "a\r.\rMAIL FROM:<x@y.test>\r",
        "a\r\r\n.\r\r\nb\n\r.\n\rc",
        "a\r\n.\nb\n.\r\nc",
        ".\n..\n...\n.",
        "=\n==\n=_mail\n--=_mail_000000000000000000000g--\nnot the end",
        "trailing blanks  \nand tabs\t\n\n\n",
        "",
    ];
    for text in texts {
        let mut mail = mail();
        mail.text = text.to_owned();
        mail.html = format!("<pre>{text}</pre>");
        assert_eq!(smtp.send(&mail, NOW).await, Delivery::Sent, "{text:?}");
        let before = sink.mails().len();
        let taken = sink.next_to(ADA).await;
        let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(taken.text, lines(text));
        assert_eq!(taken.html, lines(&mail.html));
        assert_eq!((taken.from.as_str(), taken.to.as_slice()), ("no-reply@acme.example", [ADA.to_owned()].as_slice()));
        assert_eq!(sink.mails().len(), before);
    }
    assert_eq!(sink.mails().len(), texts.len());
}
