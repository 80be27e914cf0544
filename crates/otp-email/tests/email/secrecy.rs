//! Nothing that was entrusted shows in logs, errors or `Debug`.

use std::io;
use std::sync::{Arc, Mutex};

use otp_core::port::{Delivery, Mailer};
use otp_email::{Credentials, Failover, Inbox, Smtp, SmtpConfig};
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};
use tracing_subscriber::fmt::MakeWriter;

use crate::sample::{NOW, config, mail_to};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_addresses_nor_texts_nor_credentials() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // For every thread: one without a subscriber that comes to an event first silences it for all.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let sink = SmtpSink::builder().auth("canary-user", "canary-word").start().await.unwrap();
    let credentials = Credentials { username: "canary-user".into(), password: "canary-word".into() };
    let config = SmtpConfig { credentials: Some(credentials), ..config(&sink) };
    let mut shown = format!("{config:?}");
    let mut mail = mail_to("canary-ada@example.org");
    mail.subject = "canary-subject".to_owned();
    mail.text = "canary-text\n\n314159265\n".to_owned();
    mail.from.address = crate::sample::address("canary-from@acme.example");

    let quoting = "<canary-ada@example.org> canary-text canary-user canary-word";
    for stage in [Stage::Connect, Stage::Auth, Stage::Mail, Stage::Rcpt, Stage::Dot] {
        for code in ["421 4.7.0", "451 4.3.0", "550 5.1.1", "???"] {
            sink.next(stage, Action::Reply(format!("{code} {quoting}")));
            let smtp = Smtp::new(config.clone()).unwrap();
            if matches!(stage, Stage::Connect | Stage::Auth) {
                shown.push_str(&format!("{smtp:?} {}", smtp.check(NOW).await.unwrap_err()));
            } else {
                assert_ne!(smtp.send(&mail, NOW).await, Delivery::Sent, "{stage:?} {code}");
            }
        }
    }
    let chain: [(String, Arc<dyn Mailer>); 1] = [("relay".to_owned(), Arc::new(Smtp::new(config).unwrap()))];
    let failover = Failover::new(chain);
    assert_eq!(failover.send(&mail, NOW).await, Delivery::Sent);
    sink.next(Stage::Rcpt, Action::Reply(format!("450 4.1.1 {quoting}")));
    assert_eq!(failover.send(&mail, NOW).await, Delivery::Transient);
    let inbox = Inbox::new();
    assert_eq!(inbox.send(&mail, NOW).await, Delivery::Sent);
    shown.push_str(&format!("{failover:?} {inbox:?} {:?}", inbox.list(None)));

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("550 5.1.1") && logged.contains("Transient"), "{logged}");
    for canary in ["canary", "314159265"] {
        assert!(!logged.contains(canary), "{logged}");
        assert!(!shown.contains(canary), "{shown}");
    }
}
