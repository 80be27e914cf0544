//! Every kind of secret there is, through every route that gives or takes one; afterwards none stands in anything the service
//! has written.

use otp_testbed::PATIENCE;
use otp_testbed::port::free_port;
use otp_testbed::service::{Home, Server, canary, code};
use otp_testbed::stores::{Durability, Persistence, Postgres, Redis};
use otp_testkit::smtp_sink::{SmtpSink, SunkMail};
use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};

use crate::metrics::told;
use crate::traces::collector;

const ORIGIN_OF_PAGES: &str = "https://app.acme.example";
const SMTP_PASSWORD: &str = "a-password-for-mail";
const DATABASE_PASSWORD: &str = "a-password-for-data";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_any_route_is_left_in_a_store_a_measure_a_trace_a_log_or_a_strangers_mail() {
    let sink = SmtpSink::builder().auth("mailer", SMTP_PASSWORD).start().await.unwrap();
    let (postgres, redis) = (Postgres::start(Durability::Fast), Redis::start(Persistence::Always));
    let ((endpoint, traces), metrics) = (collector(), free_port());
    canary::enter("password", SMTP_PASSWORD);
    canary::enter("password", DATABASE_PASSWORD);
    let home = Home::serving(&sink.url().replace("smtp://", &format!("smtp://mailer:{SMTP_PASSWORD}@")))
        .with("OTP_DATABASE_URL", &postgres.url().replace("postgres@", &format!("postgres:{DATABASE_PASSWORD}@")))
        .with("OTP_KV_URL", &redis.url())
        .with("OTP_MIGRATE", "true")
        .with("OTP_METRICS_LISTEN", &format!("127.0.0.1:{metrics}"))
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        // All of it at the end, in one batch.
        .with("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .with("OTP_LOG", "trace");
    let server = home.serve();

    let operator = text(&home.json(&["operator", "create", "--json"])["apiKey"]);
    let (customer, key) = home.customer("enterprise");
    tokens(&server, &sink, &key).await;
    cookies(&server, &sink, &home, &customer, &key).await;
    keys(&server, &operator, &customer, &key).await;
    signups(&server, &sink).await;
    let refused =
        server.request(Method::GET, &format!("/nowhere?key={key}&email=ada@example.org")).bearer_auth(&operator);
    assert_eq!(refused.send().await.unwrap().status(), 404);

    let over_http_2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let me = over_http_2.get(format!("{}/admin/customers/me", home.url())).header("X-OTP-API-Key", &key);
    assert_eq!(me.send().await.unwrap().status(), 200);

    canary::assert_silent("the metrics", told(metrics).await.as_bytes());
    server.signal("TERM");
    // What it has logged is searched when the process is dropped.
    let (status, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("\"TRACE\""), "silence is not for want of talking");
    let (_, batch) = tokio::task::spawn_blocking(move || traces.recv_timeout(PATIENCE)).await.unwrap().unwrap();
    canary::assert_silent("the traces", &batch);
    canary::assert_silent("Postgres", &postgres.written());
    canary::assert_silent("Redis", &redis.written());
    for mail in sink.mails() {
        canary::assert_silent("a mail of somebody else", without_own(&mail).as_bytes());
    }
}

/// A person signs in, live and in test mode, and uses every token he gets.
async fn tokens(server: &Server, sink: &SmtpSink, key: &str) {
    let asked = server.ask(key, "ada@example.org").await;
    let context = json!({ "email": "ada@example.org", "otp": "000000000", "context": { "ip": "192.0.2.7" } });
    assert_ne!(server.post("/auth/verify-otp", key, context).await.unwrap().0, 200);
    let code = code(sink, "ada@example.org").await;
    let (_, signed_in) = server.verify(key, &asked["challengeId"], &code).await;
    let refresh = json!({ "refreshToken": signed_in["refreshToken"] });
    let (_, refreshed) = server.post("/auth/refresh", key, refresh.clone()).await.unwrap();
    let introspect = json!({ "token": refreshed["token"] });
    assert_eq!(server.post("/auth/introspect", key, introspect).await.unwrap().1["active"], true);
    // A token that is dead, and one that is no token.
    assert_eq!(server.me(&signed_in["token"]).await.0, 401);
    assert_eq!(server.post("/auth/refresh", key, json!({ "refreshToken": refreshed["token"] })).await.unwrap().0, 401);
    assert_eq!(server.me(&refreshed["token"]).await.0, 200);
    let logout = server.request(Method::POST, "/auth/logout").bearer_auth(text(&refreshed["token"]));
    assert_eq!(logout.send().await.unwrap().status(), 200);
}

/// A page signs a person in by a cookie.
async fn cookies(server: &Server, sink: &SmtpSink, home: &Home, customer: &str, key: &str) {
    let config = json!({ "config": { "allowedOrigins": [ORIGIN_OF_PAGES], "session": { "cookie": true } } });
    let put = server.request(Method::PUT, "/admin/config").header("X-OTP-API-Key", key).json(&config);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let publishable = text(&home.json(&["key", "create", customer, "--kind", "publishable", "--json"])["apiKey"]);
    let call = |path: &str, body: Value| {
        server
            .request(Method::POST, path)
            .header(ORIGIN, ORIGIN_OF_PAGES)
            .header("X-OTP-API-Key", &publishable)
            .json(&body)
    };
    let email = "grace@example.org";
    canary::enter("address", email);
    let asked: Value = call("/auth/request-otp", json!({ "email": email })).send().await.unwrap().json().await.unwrap();
    let proof = json!({ "challengeId": asked["challengeId"], "otp": code(sink, email).await });
    let answer = call("/auth/verify-otp", proof).send().await.unwrap();
    let cookie = text_of_cookie(&answer);
    let csrf = text(&answer.json::<Value>().await.unwrap()["csrfToken"]);
    canary::enter("csrfToken", &csrf);
    let refreshed =
        call("/auth/refresh", json!({})).header(COOKIE, &cookie).header("X-CSRF-Token", &csrf).send().await.unwrap();
    assert_eq!(refreshed.status(), 200);
    let cookie = text_of_cookie(&refreshed);
    let csrf = text(&refreshed.json::<Value>().await.unwrap()["csrfToken"]);
    canary::enter("csrfToken", &csrf);
    let logout =
        call("/auth/logout", json!({})).header(COOKIE, cookie).header("X-CSRF-Token", csrf).send().await.unwrap();
    assert_eq!(logout.status(), 200);
}

/// `name=value` of the one cookie of an answer.
fn text_of_cookie(answer: &reqwest::Response) -> String {
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    let pair = set.split(';').next().unwrap();
    canary::enter("cookie", pair.split_once('=').unwrap().1);
    pair.to_owned()
}

/// Customers and keys are made, again under their idempotency key, and rotated.
async fn keys(server: &Server, operator: &str, customer: &str, key: &str) {
    let new = json!({ "name": "Beta", "email": "owner@beta.example", "plan": "free" });
    assert_eq!(server.post("/admin/customers", operator, new).await.unwrap().0, 201);
    let path = format!("/admin/customers/{customer}/api-keys");
    for _ in 0..2 {
        let make =
            server.request(Method::POST, &path).header("X-OTP-API-Key", key).header("Idempotency-Key", "made-once");
        let made = make.json(&json!({ "name": "another" })).send().await.unwrap();
        assert_eq!(made.status(), 201);
        canary::enter("apiKey", &text(&made.json::<Value>().await.unwrap()["apiKey"]));
    }
    let (_, mine) = server.post(&path, key, json!({ "name": "to be rotated" })).await.unwrap();
    let (status, rotated) =
        server.post(&format!("{path}/{}/rotate", text(&mine["keyId"])), key, json!({})).await.unwrap();
    assert_eq!(status, 201, "{rotated}");
    let (_, test) = server.post(&path, key, json!({ "name": "test", "mode": "test" })).await.unwrap();
    let asked = server.ask(&text(&test["apiKey"]), "test@example.org").await;
    assert_eq!(server.verify(&text(&test["apiKey"]), &asked["challengeId"], "424242424").await.0, 200);
}

/// Two open accounts, one by code and one by the link.
async fn signups(server: &Server, sink: &SmtpSink) {
    let asked = async |email: &str| {
        let wish = json!({ "email": email, "companyName": "Engines" });
        assert_eq!(server.post("/signup", "", wish).await.unwrap().0, 200);
        let mail = sink.until(|traffic| traffic.mails.iter().any(|mail| mail.is_to(email))).await;
        mail.mails.iter().find(|mail| mail.is_to(email)).unwrap().clone()
    };
    let by_code = asked("charles@engines.example").await;
    let code = by_code.code().unwrap();
    canary::enter("code", code);
    canary::enter("link", link(&by_code).unwrap());
    let proof = json!({ "email": "charles@engines.example", "code": code });
    assert_eq!(server.post("/signup/verify", "", proof).await.unwrap().0, 201);

    let by_link = asked("luigi@engines.example").await;
    let token = link(&by_link).unwrap();
    canary::enter("code", by_link.code().unwrap());
    canary::enter("link", token);
    let page = server.request(Method::GET, &format!("/signup/confirm?token={token}")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let confirm =
        server.request(Method::POST, "/signup/confirm").header("Content-Type", "application/x-www-form-urlencoded");
    let shown = confirm.body(format!("token={token}")).send().await.unwrap();
    assert!(shown.status().is_success(), "{}", shown.status());
    let shown = shown.text().await.unwrap();
    let keys: Vec<&str> = shown
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("otp_live_"))
        .collect();
    assert!(keys.len() >= 2, "{shown}");
    keys.iter().for_each(|key| canary::enter("apiKey", key));
}

/// The token of the link in a mail.
fn link(mail: &SunkMail) -> Option<&str> {
    mail.text.lines().find_map(|line| Some(line.split_once("/signup/confirm?token=")?.1))
}

/// All that a mail says, but for what it was sent to say.
fn without_own(mail: &SunkMail) -> String {
    let headers: String =
        mail.headers.iter().filter(|(name, _)| name != "To").map(|(_, value)| value.as_str()).collect();
    let all = format!("{} {headers} {} {}", mail.subject, mail.text, mail.html);
    let own = mail.code().into_iter().chain(link(mail)).chain(mail.to.iter().map(String::as_str));
    own.fold(all, |rest, own| rest.replace(own, ""))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
