//! The server that is called: a customer on a plan that includes everything, an operator, and a user who is signed in.

use std::process::Command;

use otp_testbed::service::{Home, Server, code};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;
use serde_json::{Value, json};

/// Somebody who uses the service.
const USER: &str = "ada@example.org";

/// The server, and what opens it.
pub(crate) struct Subject {
    pub(crate) home: Home,
    pub(crate) server: Server,
    pub(crate) sink: SmtpSink,
    customer: String,
    key: String,
    key_id: String,
    operator: String,
    token: String,
}

impl Subject {
    /// A server on the database at `url`, or on one of its own.
    pub(crate) async fn on(database: Option<&str>) -> Self {
        let sink = SmtpSink::start().await.unwrap();
        let home = Home::serving(&sink.url());
        let home = match database {
            Some(url) => home.with("OTP_DATABASE_URL", url),
            None => home,
        };
        assert!(home.run(&["migrate", "up"]).status.success());
        let (customer, key) = home.customer("enterprise");
        let listed = home.json(&["key", "list", &customer, "--json"]);
        let key_id = listed["keyId"].as_str().unwrap().to_owned();
        let operator = home.json(&["operator", "create", "--json"])["apiKey"].as_str().unwrap().to_owned();
        let server = home.serve();
        let asked = ask(&server, "/auth/request-otp", &key, json!({ "email": USER })).await;
        let proof = json!({ "challengeId": asked["challengeId"], "otp": code(&sink, USER).await });
        let token = ask(&server, "/auth/verify-otp", &key, proof).await["token"].as_str().unwrap().to_owned();
        Self { home, server, sink, customer, key, key_id, operator, token }
    }

    /// How many operations its contract has.
    pub(crate) async fn operations(&self) -> usize {
        let document: Value =
            self.server.request(Method::GET, "/openapi.json").send().await.unwrap().json().await.unwrap();
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum()
    }

    /// Tells `command` what opens the server.
    pub(crate) fn open_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("OTP_URL", self.home.url())
            .env("OTP_API_KEY", &self.key)
            .env("OTP_OPERATOR_KEY", &self.operator)
            .env("OTP_TOKEN", &self.token)
            .env("OTP_CUSTOMER", &self.customer)
            .env("OTP_KEY_ID", &self.key_id)
    }
}

async fn ask(server: &Server, path: &str, key: &str, body: Value) -> Value {
    let asked = server.request(Method::POST, path).header("X-OTP-API-Key", key).json(&body);
    asked.send().await.unwrap().json().await.unwrap()
}
