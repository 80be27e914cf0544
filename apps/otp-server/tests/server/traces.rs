//! Traces, as a collector gets them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use otp_testbed::PATIENCE;
use otp_testbed::service::{Home, code};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;

/// Takes traces on a port of its own; answers where, and the bodies of what it gets.
pub(crate) fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (bodies, got) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let bodies = bodies.clone();
            // Whoever keeps a connection open holds up no other.
            std::thread::spawn(move || {
                while let Some(body) = exchange(stream.as_ref().unwrap()) {
                    bodies.send(body).ok();
                }
            });
        }
    });
    (format!("http://{address}"), got)
}

/// Reads one request and answers 200; answers its first line and its body.
fn exchange(mut stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().to_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n").ok()?;
    Some((first, body))
}

/// How often `part` stands in `whole`.
fn count(whole: &[u8], part: &str) -> usize {
    whole.windows(part.len()).filter(|window| *window == part.as_bytes()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_one_span_and_holds_nothing_of_the_caller() {
    let sink = SmtpSink::start().await.unwrap();
    let (endpoint, got) = collector();
    let home = Home::serving(&sink.url())
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        .with("OTEL_SERVICE_NAME", "login")
        // All of it at the end, in one batch.
        .with("OTEL_BSP_SCHEDULE_DELAY", "3600000");
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    let asked = server.ask(&key, "ada@example.org").await;
    let code = code(&sink, "ada@example.org").await;
    assert_eq!(server.verify(&key, &asked["challengeId"], &code).await.0, 200);
    let named = server.request(Method::GET, "/nowhere/ada").header("X-Request-Id", "named-by-the-caller");
    assert_eq!(named.send().await.unwrap().status(), 404);
    server.signal("TERM");
    let (status, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    let (first, batch) = tokio::task::spawn_blocking(move || got.recv_timeout(PATIENCE)).await.unwrap().unwrap();
    assert_eq!(first.trim(), "POST /v1/traces HTTP/1.1");
    for (text, times) in [
        ("POST /auth/request-otp", 1),
        ("POST /auth/verify-otp", 1),
        ("named-by-the-caller", 1),
        ("login", 1),
        ("otp.mail_id", 1),
    ] {
        assert_eq!(count(&batch, text), times, "{text}: {}", String::from_utf8_lossy(&batch));
    }
    for secret in ["ada", "nowhere", &key, &code, "127.0.0.1", "cust_"] {
        assert_eq!(count(&batch, secret), 0, "{secret}: {}", String::from_utf8_lossy(&batch));
    }
}

#[test]
fn a_place_that_is_none_is_refused_and_none_is_no_place() {
    let home = Home::serving("smtp://127.0.0.1:1?tls=none").with("OTEL_EXPORTER_OTLP_ENDPOINT", "not a place");
    let output = home.run(&["serve"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("OTEL_"), "{said}");
    drop(home.with("OTEL_SDK_DISABLED", "true").serve());
}
