//! Behind each proxy as it is documented: signing in, and whose address counts.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_testbed::service::{Fronted, Home, Proxy, code};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Version};
use serde_json::{Value, json};

use crate::documented::adapted;

/// Where the client is: on this machine, and not where the proxy is.
const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const PAGE: &str = "https://app.example.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx() {
    signs_in(Proxy::Nginx, include_str!("../../../../docs/deploying/nginx.conf")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_caddy() {
    signs_in(Proxy::Caddy, include_str!("../../../../docs/deploying/Caddyfile")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy() {
    signs_in(Proxy::Haproxy, include_str!("../../../../docs/deploying/haproxy.cfg")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_sent_is_sent_to_no_other_node() {
    for (proxy, config, first, both) in [
        (
            Proxy::Nginx,
            include_str!("../../../../docs/deploying/nginx.conf"),
            "# server node-2.internal:8080",
            "server NODE",
        ),
        (
            Proxy::Caddy,
            include_str!("../../../../docs/deploying/Caddyfile"),
            "reverse_proxy 127.0.0.1:8080",
            "reverse_proxy 127.0.0.1:8080 NODE",
        ),
        (
            Proxy::Haproxy,
            include_str!("../../../../docs/deploying/haproxy.cfg"),
            "# server node-2 node-2.internal:8080",
            "server node-2 NODE",
        ),
    ] {
        let heard = Arc::new(AtomicUsize::new(0));
        let nodes = [breaking_off(&heard), breaking_off(&heard)];
        let config = adapted(config, &[(first, &both.replace("NODE", &format!("127.0.0.1:{}", nodes[1])))]);
        let certified = rcgen::generate_simple_self_signed(["otp.example.org".to_owned()]).unwrap();
        let (pem, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
        let Some(front) = proxy.start(&config, nodes[0], &pem, &key).await else { continue };
        for (sent, method) in [Method::PUT, Method::DELETE].into_iter().enumerate() {
            let url = format!("https://otp.example.org:{}/admin/config", front.address.port());
            // Over HTTP/2, and on a connection that was used before, HAProxy has the client try again by itself.
            let client = client(Client::builder().http1_only(), &front);
            let status = client.request(method.clone(), url).send().await.unwrap().status().as_u16();
            let heard = heard.load(Ordering::SeqCst);
            assert_eq!((status, heard), (502, sent + 1), "{proxy:?} {method}: {}", front.server.said());
        }
    }
}

/// A node that is well, hears calls out, and breaks off without an answer; answers its port.
fn breaking_off(heard: &Arc<AtomicUsize>) -> u16 {
    let (listener, heard) = (TcpListener::bind("127.0.0.1:0").unwrap(), heard.clone());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let mut head = String::new();
            let mut lines = BufReader::new(&connection);
            while lines.read_line(&mut head).is_ok_and(|octets| octets > 2) {}
            if head.contains(" /health/ready ") {
                (&connection).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
            } else if !head.is_empty() {
                heard.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    port
}

/// Who calls through `front`.
fn client(builder: ClientBuilder, front: &Fronted) -> Client {
    builder
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .resolve("otp.example.org", front.address)
        .local_address(IpAddr::from(CLIENT))
        .build()
        .unwrap()
}

/// A page signs in by a cookie, and the audit trail knows from where, whatever the client says of that.
async fn signs_in(proxy: Proxy, config: &str) {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url())
        .with("OTP_PUBLIC_URL", "https://otp.example.org")
        .with("OTP_TRUSTED_PROXIES", "127.0.0.1/32");
    let certified = rcgen::generate_simple_self_signed(["otp.example.org".to_owned()]).unwrap();
    let _server = home.serve();
    let (pem, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let Some(front) = proxy.start(config, home.port, &pem, &key).await else { return };
    let (customer, secret) = home.customer("enterprise");
    let published = home.json(&["key", "create", &customer, "--kind", "publishable", "--json"]);
    let published = published["apiKey"].as_str().unwrap();
    let client = client(Client::builder(), &front);
    let call = |method: Method, path: &str, key: &str| {
        let url = format!("https://otp.example.org:{}{path}", front.address.port());
        client.request(method, url).header("X-OTP-API-Key", key).header("X-Forwarded-For", "203.0.113.7")
    };
    let page = |path: &str| call(Method::POST, path, published).header("Origin", PAGE);

    let settings = json!({ "config": { "allowedOrigins": [PAGE], "session": { "cookie": true } } });
    let (answer, configured) = answered(call(Method::PUT, "/admin/config", &secret).json(&settings)).await;
    assert_eq!((answer.status, answer.version), (200, Version::HTTP_2), "{configured}\n{}", front.server.said());
    let (answer, asked) = answered(page("/auth/request-otp").json(&json!({ "email": "ada@example.org" }))).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin").as_str()), (200, PAGE), "{asked}");
    let right = json!({ "challengeId": asked["challengeId"], "otp": code(&sink, "ada@example.org").await });
    let (answer, signed_in) = answered(page("/auth/verify-otp").json(&right)).await;
    let cookie = answer.header("set-cookie");
    assert!(answer.status == 200 && cookie.starts_with("__Host-otp_"), "{signed_in} {cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let me = call(Method::GET, "/auth/me", published).header("Origin", PAGE).header("Cookie", cookie);
    assert_eq!(answered(me).await.1["email"], "ada@example.org");

    let (_, trail) = answered(call(Method::GET, "/admin/audit-logs", &secret)).await;
    let from = |event: &str| {
        let mut events = trail["events"].as_array().unwrap().iter();
        events.find(|told| told["eventType"] == event).map(|told| told["ip"].clone()).unwrap_or_default()
    };
    for event in ["config.updated", "otp.requested", "otp.verified"] {
        assert_eq!(from(event), CLIENT.to_string(), "{event}: {trail}");
    }
    assert_eq!(answered(call(Method::GET, "/metrics", &secret)).await.0.status, 404);
    for _ in 0..10 {
        for (method, path, size) in
            [(Method::POST, "/auth/request-otp", 100 << 10), (Method::PUT, "/admin/config", 300 << 10)]
        {
            let large = call(method, path, &secret).body("x".repeat(size));
            assert_eq!(answered(large).await.0.status, 413, "{path}, {size}: {}", front.server.said());
        }
    }
}

/// Of an answer, what is not its body.
struct Head {
    status: u16,
    version: Version,
    headers: reqwest::header::HeaderMap,
}

impl Head {
    fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

async fn answered(request: RequestBuilder) -> (Head, Value) {
    let answer = request.send().await.unwrap();
    let head = Head { status: answer.status().as_u16(), version: answer.version(), headers: answer.headers().clone() };
    (head, answer.json().await.unwrap_or(Value::Null))
}
