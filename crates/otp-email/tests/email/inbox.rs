//! The development mailbox.

use std::time::Duration;

use otp_core::id::MailId;
use otp_core::port::{Delivery, Mailer};
use otp_email::Inbox;

use crate::sample::{ADA, NOW, address, mail, mail_to};

#[tokio::test]
async fn keeps_the_newest_five_hundred() {
    let inbox = Inbox::new();
    for id in 0..501 {
        let mut mail = mail_to(if id % 2 == 0 { ADA } else { "bob@example.org" });
        mail.id = MailId::from_u128(id);
        assert_eq!(inbox.send(&mail, NOW).await, Delivery::Sent);
    }
    let ids: Vec<_> = inbox.list(None).iter().map(|mail| mail.id).collect();
    assert_eq!(ids, (1..=500).rev().map(MailId::from_u128).collect::<Vec<_>>());
    assert_eq!(inbox.list(Some(&address("Ada@Example.org"))).len(), 250);
    assert_eq!(inbox.check(NOW).await, Ok(()));
}

#[tokio::test]
async fn finds_the_code() {
    let inbox = Inbox::new();
    for (text, code) in [
        ("Hello\n\n012345678\n", Some("012345678")),
        ("  123456 \r\nbye", Some("123456")),
        ("12345\n1234567890123\n12 34 56\ncode: 123456\n١٢٣٤٥٦\n", None),
    ] {
        let mut mail = mail();
        mail.text = text.to_owned();
        inbox.send(&mail, NOW).await;
        assert_eq!(inbox.list(None)[0].code.as_deref(), code, "{text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_for_the_first_mail_and_no_longer() {
    let inbox = Inbox::new();
    let ada = address(ADA);
    let begun = tokio::time::Instant::now();
    let hour = Duration::from_secs(3600);
    let (found, ()) = tokio::join!(inbox.wait(Some(&ada), hour), async {
        inbox.send(&mail_to("bob@example.org"), NOW).await;
        tokio::task::yield_now().await;
        inbox.send(&mail(), NOW).await;
    });
    assert_eq!((found.len(), begun.elapsed()), (1, Duration::ZERO));
    assert_eq!(inbox.wait(None, hour).await.len(), 2);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(inbox.wait(Some(&address("eve@example.org")), hour).await, []);
    assert_eq!(begun.elapsed(), hour);
}

#[tokio::test]
async fn reads_as_json() {
    let inbox = Inbox::new();
    inbox.send(&mail(), NOW).await;
    let json = serde_json::to_value(inbox.list(None)).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "id": mail().id.to_string(),
            "to": ADA,
            "from": "Acme <no-reply@acme.example>",
            "subject": "Your sign-in code",
            "text": mail().text,
            "html": mail().html,
            "code": "012345678",
            "receivedAt": "2023-11-14T22:13:20.000Z",
        }])
    );
}
