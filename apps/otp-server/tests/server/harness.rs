//! A built server in a folder of its own, and a client for it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use otp_testkit::smtp_sink::SmtpSink;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The key every server of these tests runs with.
pub(crate) const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A port nobody listens on, below those the system gives to outgoing connections: of those, a client
/// of another test could take one while its server is down.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    let candidates = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed));
    candidates.take(1000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("no port is free")
}

/// Where a server lives: its folder, its port, its environment.
pub(crate) struct Home {
    folder: TempDir,
    pub(crate) port: u16,
    environment: Vec<(String, String)>,
}

impl Home {
    /// An empty folder and a free port.
    pub(crate) fn new() -> Self {
        // Once per process; only a second call fails.
        rustls::crypto::ring::default_provider().install_default().ok();
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, port, environment: vec![("OTP_LISTEN".into(), format!("127.0.0.1:{port}"))] }
    }

    /// One that `serve` accepts, sending mail to `smtp`.
    pub(crate) fn serving(smtp: &str) -> Self {
        Self::new()
            .with("OTP_SECRET_KEY", SECRET)
            .with("OTP_EMAIL_URL", smtp)
            .with("OTP_EMAIL_FROM", "Acme <no-reply@acme.example>")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otp-server"));
        command.args(arguments).current_dir(self.path()).env_clear().envs(self.environment.iter().cloned());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that has to succeed; answers the JSON it writes.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts `dev` or `serve` and waits until it says it is ready.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        Server::start(self.command(arguments), self.url())
    }

    pub(crate) fn serve(&self) -> Server {
        self.start(&["serve"])
    }

    /// Every file of the folder, read whole.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut open = vec![self.path().to_path_buf()];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.push((path.clone(), std::fs::read(path).unwrap()));
                }
            }
        }
        files
    }
}

/// The code of the first mail to `email`, which may still be on its way.
pub(crate) async fn code(sink: &SmtpSink, email: &str) -> String {
    let traffic = sink.until(|traffic| traffic.mails.iter().any(|mail| mail.is_to(email))).await;
    let mail = traffic.mails.iter().find(|mail| mail.is_to(email)).unwrap();
    mail.code().unwrap_or_else(|| panic!("no code in {}", mail.text)).to_owned()
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    url: String,
    client: Client,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Server {
    fn start(mut command: Command, url: String) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (ready, is_ready) = mpsc::channel();
        let readers = vec![
            read(child.stdout.take().unwrap(), said.clone(), ready.clone()),
            read(child.stderr.take().unwrap(), said.clone(), ready),
        ];
        let server = Self { child, url, client: Client::builder().no_proxy().build().unwrap(), said, readers };
        // Both pipes close when the process ends, which ends this wait, too.
        is_ready.recv().unwrap_or_else(|_| panic!("it ended instead of getting ready:\n{}", server.said()));
        server
    }

    /// Everything it has written so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Posts JSON with a key; answers status and body.
    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> reqwest::Result<(u16, Value)> {
        let answer = self.request(Method::POST, path).header("X-OTP-API-Key", key).json(&body).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    pub(crate) async fn ask(&self, key: &str, email: &str) -> Value {
        let (status, body) = self.post("/auth/request-otp", key, json!({ "email": email })).await.unwrap();
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn verify(&self, key: &str, challenge: &Value, code: &str) -> (u16, Value) {
        self.post("/auth/verify-otp", key, json!({ "challengeId": challenge, "otp": code })).await.unwrap()
    }

    /// Status and body of a `GET` with a bearer token.
    pub(crate) async fn me(&self, token: &Value) -> (u16, Value) {
        let request = self.request(Method::GET, "/auth/me").bearer_auth(token.as_str().unwrap());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended; answers how, and everything it wrote.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        (status, self.said())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Collects a pipe, and tells when the line has come that says the server is ready.
fn read(pipe: impl Read + Send + 'static, said: Arc<Mutex<String>>, ready: mpsc::Sender<()>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { return };
            // The log line of `serve`, or the last line of what `dev` says.
            let is_ready = line.contains("\"ready\"") || line.contains("begin anew with --reset");
            said.lock().unwrap().push_str(&format!("{line}\n"));
            if is_ready {
                // Nobody listens any more if it was ready before.
                ready.send(()).ok();
            }
        }
    })
}
