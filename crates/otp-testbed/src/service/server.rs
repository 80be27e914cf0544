//! A running `otp-server`, and a client for it.

use std::process::ExitStatus;

use otp_testkit::smtp_sink::SmtpSink;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Program, canary};

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    program: Program,
    url: String,
    client: Client,
}

impl Server {
    /// `program`, which answers at `url`.
    pub fn of(program: Program, url: String) -> Self {
        // A proxy on this machine has a certificate of nobody's.
        let client = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        Self { program, url, client: client.build().unwrap() }
    }

    /// Everything it has written so far.
    pub fn said(&self) -> String {
        self.program.said()
    }

    /// The process itself.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// A request for `path`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Posts JSON with a key; answers status and body.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post(&self, path: &str, key: &str, body: Value) -> reqwest::Result<(u16, Value)> {
        canary::enter_request(path, &body);
        let answer = self.request(Method::POST, path).header("X-OTP-API-Key", key).json(&body).send().await?;
        let (status, answer) = (answer.status().as_u16(), answer.json().await?);
        canary::enter_answer(&answer);
        Ok((status, answer))
    }

    /// Asks for a code, which has to succeed; answers the body.
    pub async fn ask(&self, key: &str, email: &str) -> Value {
        let (status, body) = self.post("/auth/request-otp", key, json!({ "email": email })).await.unwrap();
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Presents a code by the id of its challenge; answers status and body.
    pub async fn verify(&self, key: &str, challenge: &Value, code: &str) -> (u16, Value) {
        self.post("/auth/verify-otp", key, json!({ "challengeId": challenge, "otp": code })).await.unwrap()
    }

    /// Status and body of `/auth/me` with a bearer token.
    pub async fn me(&self, token: &Value) -> (u16, Value) {
        let request = self.request(Method::GET, "/auth/me").bearer_auth(token.as_str().unwrap());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Status and body of a `GET` without credentials.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// kill -9, and waits until it is gone.
    pub fn kill(&self) {
        self.program.kill();
    }

    /// Sends the signal of that name, `TERM`.
    pub fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    /// Waits until it has ended; answers how, and everything it wrote.
    pub fn ended(self) -> (ExitStatus, String) {
        self.program.ended()
    }
}

/// The code of the first mail to `email`, which may still be on its way.
pub async fn code(sink: &SmtpSink, email: &str) -> String {
    let traffic = sink.until(|traffic| traffic.mails.iter().any(|mail| mail.is_to(email))).await;
    let mail = traffic.mails.iter().find(|mail| mail.is_to(email)).unwrap();
    let code = mail.code().unwrap_or_else(|| panic!("no code in {}", mail.text));
    canary::enter("code", code);
    code.to_owned()
}
