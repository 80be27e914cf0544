//! An attack: a service under it, those who sign in meanwhile, and what it costs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use otp_testbed::PATIENCE;
use otp_testbed::service::{Home, Program, Server, SteppedClock, code, until};
use otp_testkit::smtp_sink::SmtpSink;

/// Signed in before an attack begins, so that what a service takes anyway is not counted to it.
const WARM: u32 = 20;

/// Connections of the service's own, to clients who sign in and to the mail server, that may come and go meanwhile.
const OWN: usize = 4;

/// What may stand in the sockets between us and the service, beside what it has read and what it hears out.
pub(crate) const IN_BETWEEN: usize = 16 << 20;

/// A service, and what it held before the attack.
pub(crate) struct Attacked {
    sink: SmtpSink,
    home: Home,
    server: Server,
    pub(crate) key: String,
    pub(crate) clock: SteppedClock,
    people: AtomicU32,
    before: u64,
    sockets: usize,
}

impl Attacked {
    /// A service that runs as it is set up.
    pub(crate) async fn begin() -> Self {
        Self::begin_as(|command| command).await
    }

    /// One that is started by what `wrapped` makes of the command.
    pub(crate) async fn begin_as(wrapped: impl FnOnce(Command) -> Command) -> Self {
        let (sink, clock) = (SmtpSink::start().await.unwrap(), SteppedClock::unmoved());
        let home = Home::serving(&sink.url()).with("OTP_LOG", "info").on(&clock);
        let program = Program::launch(wrapped(home.command(&["serve"])));
        program.until_said(&["\"ready\""]);
        let server = Server::of(program, home.url());
        let (_, key) = home.customer("enterprise");
        let people = AtomicU32::new(0);
        let mut attacked = Self { sink, home, server, key, clock, people, before: 0, sockets: 0 };
        attacked.people_sign_in(WARM).await;
        attacked.people.store(0, Ordering::Relaxed);
        (attacked.before, attacked.sockets) = (attacked.memory("VmRSS"), attacked.sockets());
        attacked
    }

    /// So many people ask for a code, and sign in with it.
    pub(crate) async fn people_sign_in(&self, people: u32) {
        for _ in 0..people {
            let number = self.people.fetch_add(1, Ordering::Relaxed);
            let email = format!("{number}of{}@example.org", self.before);
            let asked = self.server.ask(&self.key, &email).await;
            let code = code(&self.sink, &email).await;
            let (status, answer) = self.server.verify(&self.key, &asked["challengeId"], &code).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    /// A connection on which nothing has been said.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.home.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// So many connections, each of which has sent `octets`.
    pub(crate) fn connections(&self, count: usize, octets: &[u8]) -> Vec<TcpStream> {
        let connect = |_| {
            let stream = self.connect();
            (&stream).write_all(octets).unwrap();
            stream
        };
        (0..count).map(connect).collect()
    }

    /// Ends the attack: waits until none of its connections is left, and tells what it has cost.
    ///
    /// # Panics
    /// When memory rose by more than `bound` octets at any time.
    pub(crate) async fn end(&self, name: &str, attackers: &str, bound: u64) {
        until("the connections of the attack are gone", async || self.sockets() <= self.sockets + OWN).await;
        let (most, after) = (self.memory("VmHWM").saturating_sub(self.before), self.memory("VmRSS"));
        let people = self.people.load(Ordering::Relaxed);
        println!(
            "{name}: {attackers}; {people} people signed in meanwhile; memory {} MiB, at most {} MiB more, then {} MiB",
            mebibytes(self.before),
            mebibytes(most),
            mebibytes(after)
        );
        assert!(people > 0, "nobody was served meanwhile");
        assert!(most <= bound, "memory rose by {most} octets, of {bound} at most");
        let said = self.server.said();
        assert!(!said.contains("panicked"), "{said}");
    }

    /// A figure of the process's memory, in octets.
    fn memory(&self, figure: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.program().id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().unwrap() * 1024
    }

    /// The sockets the process has open.
    fn sockets(&self) -> usize {
        let folder = std::fs::read_dir(format!("/proc/{}/fd", self.server.program().id())).unwrap();
        let is_socket = |target: &std::path::PathBuf| target.to_string_lossy().starts_with("socket:");
        // One that is closed meanwhile cannot be read any more.
        folder.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).filter(is_socket).count()
    }
}

fn mebibytes(octets: u64) -> u64 {
    octets.div_ceil(1 << 20)
}

/// What comes on `stream` until the service closes it.
///
/// # Panics
/// When it does not.
pub(crate) fn rest(mut stream: &TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        // It closed while we were still talking.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the connection is still open"),
    }
    rest
}

/// Sends `octets` over and over, until the service closes the connection or has been sent `most`; answers how many it was sent.
pub(crate) fn flood(stream: &TcpStream, octets: &[u8], most: usize) -> usize {
    let mut sent = 0;
    while sent < most && (&*stream).write_all(octets).is_ok() {
        sent += octets.len();
    }
    // An error means that it is closed already.
    stream.shutdown(Shutdown::Write).ok();
    sent
}
