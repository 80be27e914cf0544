//! Clients that take their time.

use std::io::{Read, Write};
use std::time::Duration;

use crate::attack::{Attacked, rest};

/// Connections of an attack.
const MANY: usize = 500;
/// More than a silent connection may cost: its buffers, and a task.
const EACH: u64 = 64 * 1024;
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_come_letter_by_letter_are_cut_off() {
    let attacked = Attacked::begin().await;
    let slow = attacked.connections(MANY, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    for _ in 0..11 {
        for mut stream in &slow {
            // The last may be closed already.
            stream.write_all(b"a").ok();
        }
        attacked.people_sign_in(2).await;
        attacked.clock.pass(SECOND);
    }
    for stream in &slow {
        assert_eq!(rest(stream), b"", "whatever it is told, it has not asked for it");
    }
    attacked.end("slow heads", &format!("{MANY} connections, a letter a second"), MANY as u64 * EACH).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_come_letter_by_letter_are_cut_off() {
    let attacked = Attacked::begin().await;
    let head = b"POST /auth/request-otp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16384\r\n\r\n{";
    let slow = attacked.connections(MANY, head);
    for _ in 0..11 {
        for mut stream in &slow {
            stream.write_all(b" ").ok();
        }
        attacked.people_sign_in(2).await;
        attacked.clock.pass(SECOND);
    }
    for stream in &slow {
        let answer = rest(stream);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
    }
    attacked.end("slow bodies", &format!("{MANY} connections, a letter a second"), MANY as u64 * EACH).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_on_which_nothing_happens_are_closed() {
    let attacked = Attacked::begin().await;
    let dumb = attacked.connections(MANY / 2, b"");
    let idle = attacked.connections(MANY / 2, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for mut stream in &idle {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    attacked.people_sign_in(20).await;
    attacked.clock.pass(11 * SECOND);
    dumb.iter().for_each(|stream| assert_eq!(rest(stream), b""));
    attacked.people_sign_in(2).await;
    attacked.clock.pass(75 * SECOND);
    for stream in &idle {
        // The rest of its one answer, and the end.
        assert_eq!(rest(stream).windows(5).filter(|part| part == b"alive").count(), 1);
    }
    attacked.end("idle sockets", &format!("{MANY} connections"), MANY as u64 * EACH).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_handshake_of_http_2_is_cut_off() {
    let attacked = Attacked::begin().await;
    let slow = attacked.connections(MANY, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    attacked.people_sign_in(20).await;
    attacked.clock.pass(11 * SECOND);
    slow.iter().for_each(|stream| drop(rest(stream)));
    attacked.end("half a handshake of HTTP/2", &format!("{MANY} connections"), MANY as u64 * EACH).await;
}
