//! Heads without measure.

use std::io::Write;

use crate::attack::{Attacked, IN_BETWEEN, flood, rest};

/// Connections of an attack.
const MANY: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_are_bounded_in_count_and_in_length() {
    let attacked = Attacked::begin().await;
    let head =
        |headers: &str| format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    let numbered = |count: u32| (0..count).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
    // With the two that are there anyway.
    for (headers, status) in [
        (numbered(98), "HTTP/1.1 200 "),
        (numbered(99), "HTTP/1.1 431 "),
        (format!("X-Long: {}\r\n", "a".repeat(24 << 10)), "HTTP/1.1 200 "),
        (format!("X-Long: {}\r\n", "a".repeat(40 << 10)), "HTTP/1.1 431 "),
    ] {
        for mut stream in attacked.connections(MANY, b"") {
            // Whoever is refused may be cut off before he has said everything.
            stream.write_all(head(&headers).as_bytes()).ok();
            let answer = String::from_utf8(rest(&stream)).unwrap();
            let is_cut_off = answer.is_empty() && status.contains("431");
            assert!(answer.starts_with(status) || is_cut_off, "{} octets: {answer}", headers.len());
        }
        attacked.people_sign_in(5).await;
    }
    attacked.end("floods of headers", &format!("{MANY} heads of each kind"), 32 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_without_end_is_cut_off() {
    let attacked = Attacked::begin().await;
    for begun in ["GET /health/live HTTP/1.1\r\nX-Long: ", "GET /", "GET /health/live HTTP/1.1\r\nX: a\r\nX: "] {
        for stream in attacked.connections(20, begun.as_bytes()) {
            let sent = flood(&stream, &[b'a'; 16 << 10], 1 << 30);
            assert!(sent < IN_BETWEEN, "it took {sent} octets");
        }
        attacked.people_sign_in(5).await;
    }
    attacked.end("heads without end", "60 connections", 16 << 20).await;
}
