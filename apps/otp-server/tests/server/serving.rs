//! `serve`: signing in through real mail, and stopping without losing anything.

use std::time::Duration;

use std::io::{Read, Write};
use std::net::TcpStream;

use otp_testbed::service::{Home, code};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn signing_in_by_smtp_and_everything_a_session_does() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let (customer_id, key) = home.customer("enterprise");

    let asked = server.ask(&key, "Ada@Example.org").await;
    let code = code(&sink, "ada@example.org").await;
    let (status, signed_in) = server.verify(&key, &asked["challengeId"], &code).await;
    assert_eq!((status, &signed_in["isNewUser"]), (200, &Value::Bool(true)), "{signed_in}");
    assert_eq!(signed_in["customerId"], *customer_id);

    let (status, me) = server.me(&signed_in["token"]).await;
    assert_eq!((status, &me["userId"]), (200, &signed_in["userId"]));
    let (_, introspected) =
        server.post("/auth/introspect", &key, json!({ "token": signed_in["token"] })).await.unwrap();
    assert_eq!((&introspected["active"], &introspected["sub"]), (&Value::Bool(true), &signed_in["userId"]));

    let refresh = json!({ "refreshToken": signed_in["refreshToken"] });
    let answers = futures::future::join_all((0..20).map(|_| server.post("/auth/refresh", &key, refresh.clone()))).await;
    let answers: Vec<Value> = answers.into_iter().map(|answer| answer.unwrap().1).collect();
    assert!(
        answers.iter().all(|answer| answer["refreshToken"] == answers[0]["refreshToken"] && answer["success"] == true)
    );
    assert_eq!(server.me(&signed_in["token"]).await.0, 401, "the token before is dead");
    assert_eq!(server.me(&answers[0]["token"]).await.0, 200);

    let logout = server.request(Method::POST, "/auth/logout").bearer_auth(answers[0]["token"].as_str().unwrap());
    assert_eq!(logout.send().await.unwrap().status(), 200);
    assert_eq!(server.me(&answers[0]["token"]).await.0, 401);
    let (_, introspected) =
        server.post("/auth/introspect", &key, json!({ "token": answers[0]["token"] })).await.unwrap();
    assert_eq!(introspected, json!({ "active": false }));
}

#[tokio::test]
async fn the_operator_registers_customers_and_a_revoked_key_is_dead_within_a_second() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let operator = home.json(&["operator", "create", "--json"])["apiKey"].as_str().unwrap().to_owned();
    let new = json!({ "name": "Beta", "email": "owner@beta.example", "plan": "free" });
    let (status, made) = server.post("/admin/customers", &operator, new.clone()).await.unwrap();
    assert_eq!(status, 201, "{made}");
    assert_eq!(server.post("/admin/customers", &operator, new).await.unwrap().0, 409);
    let (id, key) = (made["customerId"].as_str().unwrap(), made["apiKey"].as_str().unwrap());
    server.ask(key, "ada@example.org").await;
    let revoked = home.run(&["key", "revoke", id, made["keyId"].as_str().unwrap()]);
    assert!(revoked.status.success());
    // Revoked by another process: the server hears of it when it looks next. The deadline is generous to a busy machine.
    let refused = async {
        loop {
            let asked = server.post("/auth/introspect", key, json!({ "token": "none" })).await.unwrap();
            if asked.0 != 200 {
                return asked;
            }
        }
    };
    let (status, refused) = tokio::time::timeout(Duration::from_secs(5), refused).await.expect("a revoked key lives");
    assert_eq!((status, &refused["code"]), (401, &Value::from("invalid_api_key")));
    let another = home.json(&["key", "create", id, "--json"])["apiKey"].as_str().unwrap().to_owned();
    server.ask(&another, "ada@example.org").await;
    let listed = String::from_utf8(home.run(&["key", "list", id]).stdout).unwrap();
    assert!(listed.contains("revoked") && listed.contains("active") && !listed.contains(&another));
    assert_eq!(home.run(&["key", "list", "cust_0000000000000000000009"]).status.code(), Some(4));
}

#[tokio::test]
async fn a_request_in_flight_is_answered_after_sigterm() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let (_, key) = home.customer("enterprise");
    let body = json!({ "email": "ada@example.org" }).to_string();
    let mut slow = TcpStream::connect(("127.0.0.1", home.port)).unwrap();
    let head = format!(
        "POST /auth/request-otp HTTP/1.1\r\nHost: localhost\r\nX-OTP-API-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&body.as_bytes()[..5]).unwrap();
    // Answered on another connection, so the first one was accepted before.
    assert_eq!(server.get("/health/ready").await, (200, json!({ "status": "ready" })));
    server.signal("TERM");
    let draining = loop {
        let (status, body) = server.get("/health/ready").await;
        if status == 503 {
            break body;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(draining["status"], "not_ready");
    slow.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (status, said) = tokio::task::spawn_blocking(move || server.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[tokio::test]
async fn one_database_one_server() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let _server = home.serve();
    // On the same port: one that got past the lock would end there and say so, not run for ever.
    let second = home.run(&["serve"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("another server runs on"), "{said}");
}

#[tokio::test]
async fn a_database_waits_for_its_migrations() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url()).with("OTP_MIGRATE", "false");
    assert_eq!(home.run(&["migrate", "status"]).status.code(), Some(1));
    let mut command = home.command(&["serve"]);
    let mut waiting = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = || async {
        let answer = client.get(format!("{}/health/ready", home.url())).send().await.ok()?;
        Some((answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default()))
    };
    let first = loop {
        if let Some(answer) = ready().await {
            break answer;
        }
    };
    assert_eq!((first.0, &first.1["status"]), (503, &Value::from("not_ready")));
    assert!(home.run(&["migrate", "up"]).status.success());
    assert!(home.run(&["migrate", "status"]).status.success());
    while !matches!(ready().await, Some((200, _))) {
        tokio::task::yield_now().await;
    }
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}
