//! HTTP/2 against its own rules, frame by frame.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::attack::{Attacked, IN_BETWEEN, flood, rest};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Connections of an attack.
const MANY: usize = 20;
/// Streams a client opens at most before it is told to calm down.
const PLENTY: u32 = 10_000;

/// Types of frames (RFC 9113, section 6).
#[derive(Clone, Copy)]
enum Frame {
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Error codes (RFC 9113, section 7).
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

fn frame(kind: Frame, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind as u8, flags], &stream.to_be_bytes(), payload].concat()
}

/// The first octets of a client who sets `settings`.
fn greeting(settings: &[(u16, u32)]) -> Vec<u8> {
    let settings: Vec<u8> =
        settings.iter().flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    [PREFACE, &frame(Frame::Settings, 0, 0, &settings)].concat()
}

/// `GET` in the static table (RFC 7541, appendix A), and a path that is answered at once.
const GET: (u8, &str) = (0x82, "/health/live");
/// `POST`, and a path that reads a body.
const POST: (u8, &str) = (0x83, "/signup");

/// The head of a call, of literals and the static table.
fn head((method, path): (u8, &str)) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    [&[method, 0x86, 0x04, length], path.as_bytes(), &[0x01, 9], b"localhost"].concat()
}

/// For each stream a client opens, one after the other, what `frames` makes of it; all in one piece.
fn on_streams(count: u32, frames: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    (0..count).flat_map(|number| frames(2 * number + 1)).collect()
}

/// Sends `octets`; answers what the service has said until it closed the connection.
fn talk(stream: &TcpStream, octets: &[u8]) -> Vec<u8> {
    std::thread::scope(|both| {
        // It may close before it has read all.
        both.spawn(|| drop((&*stream).write_all(octets)));
        rest(stream)
    })
}

/// The reason the service gave for closing the connection, in the last frame it sent.
fn reason(said: &[u8]) -> Option<u32> {
    let (mut rest, mut reason) = (said, None);
    while let [a, b, c, kind, _, _, _, _, _, payload @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        if *kind == Frame::GoAway as u8 {
            reason = payload.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap()));
        }
        rest = payload.get(length..).unwrap_or_default();
    }
    reason
}

/// Makes [`MANY`] connections that send `octets`; each has to be told to calm down.
async fn calmed_down(name: &str, octets: &[u8]) {
    let attacked = Attacked::begin().await;
    for _ in 0..MANY {
        let said = talk(&attacked.connect(), octets);
        // What it said last is lost where it closes while we talk.
        assert!(matches!(reason(&said), None | Some(ENHANCE_YOUR_CALM)), "{:?}", reason(&said));
        attacked.people_sign_in(1).await;
    }
    attacked.end(name, &format!("{MANY} connections of up to {PLENTY} streams"), 32 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_taken_back_at_once_end_the_connection() {
    let streams = on_streams(PLENTY, |stream| {
        let call = frame(Frame::Headers, END_HEADERS | END_STREAM, stream, &head(GET));
        [call, frame(Frame::Reset, 0, stream, &CANCEL.to_be_bytes())].concat()
    });
    calmed_down("rapid reset", &[greeting(&[]), streams].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_have_to_be_taken_back_end_the_connection() {
    let streams = on_streams(PLENTY, |stream| {
        let call = frame(Frame::Headers, END_HEADERS, stream, &head(POST));
        // A window beyond all bounds is a fault of its stream alone.
        [call, frame(Frame::WindowUpdate, 0, stream, &0x7fff_ffff_u32.to_be_bytes())].concat()
    });
    calmed_down("provoked resets", &[greeting(&[]), streams].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_goes_on_for_ever_is_cut_off() {
    let attacked = Attacked::begin().await;
    for piece in [&[][..], &[b'a'; 16_000]] {
        for stream in attacked.connections(MANY, &greeting(&[])) {
            (&stream).write_all(&frame(Frame::Headers, 0, 1, &head(GET))).unwrap();
            let frames = frame(Frame::Continuation, 0, 1, piece).repeat(100);
            let sent = flood(&stream, &frames, 1 << 30);
            assert!(sent < IN_BETWEEN, "it took {sent} octets");
        }
        attacked.people_sign_in(5).await;
    }
    attacked.end("heads without end over HTTP/2", &format!("{MANY} connections of each kind"), 32 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_head_that_unpacks_to_a_large_one_is_refused() {
    let attacked = Attacked::begin().await;
    // `a` with 3000 octets goes into the table, then stands there five thousand times.
    let long = [&[0x40, 1, b'a', 0x7f, 0xb9, 0x16], [b'b'; 3000].as_slice(), &[0xbe; 5000]].concat();
    let calls = on_streams(50, |stream| {
        frame(Frame::Headers, END_HEADERS | END_STREAM, stream, &[head(GET), long.clone()].concat())
    });
    for stream in attacked.connections(MANY, &greeting(&[])) {
        // What it is told is nothing to it.
        (&stream).write_all(&calls).ok();
    }
    attacked.people_sign_in(20).await;
    attacked.clock.pass(Duration::from_secs(86));
    attacked.end("heads that unpack to 15 MB", &format!("{} on {MANY} connections", 50 * MANY), 64 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_and_does_not_listen_is_cut_off() {
    let attacked = Attacked::begin().await;
    let pings = frame(Frame::Ping, 0, 0, &[0; 8]).repeat(1000);
    let deaf = attacked.connections(MANY, &greeting(&[]));
    for mut stream in &deaf {
        stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        let refused = loop {
            match stream.write(&pings) {
                Ok(octets) => sent += octets,
                Err(error) => break error,
            }
            assert!(sent < 1 << 30, "it takes whatever it is sent, and we do not listen");
        };
        assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        stream.set_nonblocking(false).unwrap();
    }
    // No answer may go out until the client says how long it may be, and it never does.
    let calls = on_streams(100, |stream| frame(Frame::Headers, END_HEADERS | END_STREAM, stream, &head(GET)));
    let mute = attacked.connections(MANY, &[greeting(&[(4, 0)]), calls].concat());
    attacked.people_sign_in(20).await;
    attacked.clock.pass(Duration::from_secs(11));
    deaf.iter().for_each(|stream| drop(rest(stream)));
    attacked.people_sign_in(2).await;
    attacked.clock.pass(Duration::from_secs(75));
    mute.iter().for_each(|stream| drop(rest(stream)));
    let attackers = format!("{MANY} connections of pings, {MANY} of 100 calls each");
    attacked.end("answers nobody takes", &attackers, 32 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_bodies_on_few_connections_are_bounded() {
    let attacked = Attacked::begin().await;
    let calls = on_streams(100, |stream| frame(Frame::Headers, END_HEADERS, stream, &head(POST)));
    let stalled = attacked.connections(50, &[greeting(&[]), calls].concat());
    attacked.people_sign_in(20).await;
    attacked.clock.pass(Duration::from_secs(86));
    drop(stalled);
    attacked.end("bodies that never come, over HTTP/2", "50 connections of 100 calls each", 96 << 20).await;
}
