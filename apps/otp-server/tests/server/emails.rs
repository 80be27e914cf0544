//! `otp-server email`: mails shown without anything else, and sent over real providers.

use otp_testbed::port::free_port;
use otp_testbed::service::Home;
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};
use serde_json::{Value, json};

const TO: &str = "ada@example.org";

/// Exit code, the JSON on stdout, and what was said besides.
fn sent(home: &Home) -> (Option<i32>, Value, String) {
    let output = home.run(&["email", "send-test", "--to", TO, "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap(), said)
}

/// Which provider answered what.
fn told(data: &Value) -> Vec<(&str, &str)> {
    let providers = data["providers"].as_array().unwrap();
    providers.iter().map(|it| (it["provider"].as_str().unwrap(), it["outcome"].as_str().unwrap())).collect()
}

#[test]
fn a_mail_is_shown_in_each_form_with_nothing_set_and_nothing_made() {
    let home = Home::empty();
    let preview = |arguments: &[&str]| {
        let output = home.run(&[&["email", "preview"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = preview(&[]);
    assert!(text.starts_with("From: Acme <no-reply@example.org>\nSubject: Your sign-in code for Acme\n\n"), "{text}");
    assert!(text.lines().any(|line| line == "424242424"), "{text}");
    let html = preview(&["--kind", "signup", "--locale", "de", "--format", "html"]);
    assert!(
        html.starts_with("<!doctype html>") && html.contains("lang=\"de\"") && html.contains("/signup/confirm"),
        "{html}"
    );
    let mail: Value = serde_json::from_str(&preview(&["--kind", "suspended", "--format", "json"])).unwrap();
    assert_eq!((&mail["to"], &mail["locale"]), (&json!(TO), &json!("en")));
    assert!(mail["html"].as_str().unwrap().contains(mail["subject"].as_str().unwrap()));
    assert!(home.files().is_empty());

    let named = Home::empty().with("OTP_EMAIL_FROM", "Gate <gate@acme.example>");
    let output = named.run(&["email", "preview", "--kind", "plan"]);
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("From: Gate <gate@acme.example>\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_that_took_the_mail_is_named_and_so_is_each_that_did_not() {
    let sink = SmtpSink::start().await.unwrap();
    let (away, there) = (format!("smtp://127.0.0.1:{}?tls=none", free_port()), sink.url());
    let (code, data, said) = sent(&Home::serving(&format!("{away} {there}")));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(told(&data), [("smtp-1", "transient"), ("smtp-2", "sent")]);
    assert!(data["providers"][0]["detail"].as_str().unwrap().to_lowercase().contains("refused"), "{data}");
    let mail = sink.next_to(TO).await;
    assert!(mail.header("Message-ID").unwrap().contains(data["mailId"].as_str().unwrap()));
    assert_eq!(mail.code(), Some("424242424"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_refuses_is_told_from_who_is_not_there() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    for (stage, reply, outcome) in [
        (Stage::Rcpt, "550 5.1.1 no such mailbox", "bad_recipient"),
        (Stage::Mail, "550 5.7.1 not for you", "rejected_config"),
        // Its provider answers, and would take other mail.
        (Stage::Rcpt, "451 4.3.0 later", "transient"),
    ] {
        sink.next(stage, Action::reply(reply));
        let (code, data, said) = sent(&home);
        assert_eq!((code, told(&data)), (Some(1), vec![("smtp-1", outcome)]), "{said}");
        assert!(!said.contains(TO), "{said}");
    }
    sink.stop().await;
    let (code, data, said) = sent(&home);
    assert_eq!((code, told(&data)), (Some(6), vec![("smtp-1", "transient")]), "{said}");
}
