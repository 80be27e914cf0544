//! Clients in numbers.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::process::Command;

use otp_testbed::port::raise_descriptors;
use otp_testbed::service::until;

use crate::attack::{Attacked, rest};

/// Connections at once.
const CROWD: usize = 4096;
/// Descriptors of a service that has few: 256 are kept, so 144 are for connections.
const FEW: &str = "400";
const PLACES: usize = 144;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_thousand_connections_harm_nobody() {
    raise_descriptors();
    let attacked = Attacked::begin().await;
    let dumb = attacked.connections(CROWD / 2, b"");
    let begun = [b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".as_slice(), &[b'a'; 4096]].concat();
    let begun = attacked.connections(CROWD / 2, &begun);
    attacked.people_sign_in(50).await;
    drop((dumb, begun));
    attacked.end("a crowd", &format!("{CROWD} connections, half of them with 4 KiB of a head"), 192 << 20).await;
}

/// The command, with few descriptors.
fn with_few_descriptors(command: Command) -> Command {
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nofile={FEW}")).arg(command.get_program()).args(command.get_args());
    limited.current_dir(command.get_current_dir().unwrap()).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fills_the_places_shuts_out_himself() {
    let attacked = Attacked::begin_as(with_few_descriptors).await;
    let body = b"POST /signup HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16384\r\n\r\n{";
    let mut crowd = Vec::new();
    for _ in 0..10 {
        crowd.extend(attacked.connections(50, b""));
        crowd.extend(attacked.connections(50, body));
        attacked.people_sign_in(2).await;
    }
    let is_open = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    until("all that have no place are closed", async || {
        crowd.iter().filter(|stream| is_open(stream)).count() <= PLACES
    })
    .await;
    let count = crowd.len();
    drop(crowd);
    let attackers = format!("{count} connections for {PLACES} places, half of them in the middle of a body");
    attacked.end("no room", &attackers, 32 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_short_connections_harm_nobody() {
    let attacked = Attacked::begin().await;
    for _ in 0..10 {
        let call = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for stream in attacked.connections(400, call) {
            assert!(rest(&stream).starts_with(b"HTTP/1.1 404 "));
        }
        attacked.people_sign_in(2).await;
    }
    attacked.end("short connections", "4000 one after the other, 400 at once", 64 << 20).await;
}
