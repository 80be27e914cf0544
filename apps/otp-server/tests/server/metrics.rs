//! What a running service tells Prometheus.

use otp_testbed::port::free_port;
use otp_testbed::service::{Home, Program, code, until};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;

/// What is told at `port` of this machine.
pub(crate) async fn told(port: u16) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://127.0.0.1:{port}/metrics")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// The value of the series called `name` with `labels`, whatever their order.
fn value(told: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let is_it = |series: &str| {
        let (called, rest) = series.split_once('{').unwrap_or((series, ""));
        called == name && labels.iter().all(|(label, is)| rest.contains(&format!("{label}=\"{is}\"")))
    };
    let line = told.lines().filter_map(|line| line.rsplit_once(' ')).find(|(series, _)| is_it(series));
    line.map(|(_, value)| value.parse().unwrap())
}

#[tokio::test]
async fn what_is_measured_is_told_and_never_whose_it_was() {
    let (sink, port) = (SmtpSink::start().await.unwrap(), free_port());
    let home = Home::serving(&sink.url()).with("OTP_METRICS_LISTEN", &format!("127.0.0.1:{port}"));
    let server = home.serve();
    let begun = told(port).await;
    for (name, label, is) in [
        ("otp_requests_total", "outcome", "fault"),
        ("otp_verifications_total", "outcome", "exhausted"),
        ("otp_quotas_refused_total", "rule", "quota-month"),
        ("otp_mails_total", "outcome", "rejected_config"),
    ] {
        assert_eq!(value(&begun, name, &[(label, is)]), Some(0.0), "a first failure is no rise: {name}\n{begun}");
    }

    let (customer, key) = home.customer("free");
    let asked = server.ask(&key, "ada@example.org").await;
    let right = code(&sink, "ada@example.org").await;
    let wrong = if right == "000000000" { "000000001" } else { "000000000" };
    assert_eq!(server.verify(&key, &asked["challengeId"], wrong).await.0, 401);
    assert_eq!(server.verify(&key, &asked["challengeId"], &right).await.0, 200);
    for _ in 0..2 {
        server.ask(&key, "ada@example.org").await;
    }
    let ask = serde_json::json!({ "email": "ada@example.org" });
    assert_eq!(server.post("/auth/request-otp", &key, ask).await.unwrap().0, 429);
    server.get("/nowhere/ada@example.org").await;
    let brew = Method::from_bytes(b"BREW").unwrap();
    server.request(brew, "/auth/me?who=ada@example.org").send().await.unwrap();

    until("three mails", async || value(&told(port).await, "otp_mails_total", &[("outcome", "sent")]) == Some(3.0))
        .await;
    let told = told(port).await;
    let is = |name: &str, labels: &[(&str, &str)], is: f64| assert_eq!(value(&told, name, labels), Some(is), "{told}");
    is("otp_requests_total", &[("outcome", "admitted")], 3.0);
    is("otp_requests_total", &[("outcome", "rate_limited")], 1.0);
    is("otp_limits_refused_total", &[("rule", "email-hour")], 1.0);
    is("otp_verifications_total", &[("outcome", "right")], 1.0);
    is("otp_verifications_total", &[("outcome", "wrong")], 1.0);
    is("otp_mails_total", &[("provider", "smtp-1"), ("outcome", "transient")], 0.0);
    assert!(value(&told, "otp_outbox_oldest_seconds", &[]).is_some(), "{told}");
    is("http_server_active_requests", &[("http_request_method", "POST")], 0.0);
    let durations = "http_server_request_duration_seconds_count";
    let route = |route| ("http_route", route);
    is(durations, &[route("/auth/request-otp"), ("http_response_status_code", "429")], 1.0);
    is(durations, &[route("/auth/me"), ("http_request_method", "_OTHER")], 1.0);
    is(durations, &[route(""), ("http_response_status_code", "404")], 1.0);
    let bucket = |le| (("http_response_status_code", "429"), ("le", le));
    for le in ["0.005", "0.075", "0.75", "7.5", "10", "+Inf"] {
        let (status, le) = bucket(le);
        assert!(value(&told, "http_server_request_duration_seconds_bucket", &[status, le]).is_some(), "{told}");
    }
    for secret in [customer.as_str(), &key, "ada", "nowhere", "BREW", &right] {
        assert!(!told.contains(secret), "{secret}\n{told}");
    }
    assert_eq!(server.get("/metrics").await.0, 404, "metrics are told on their own socket alone");
}

#[tokio::test]
async fn a_taken_address_is_told_of_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = Home::serving("smtp://127.0.0.1:1?tls=none").with("OTP_METRICS_LISTEN", &address);
    let output = home.run(&["serve"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("--metrics-listen"), "{said}");
}

#[tokio::test]
async fn a_second_process_that_was_given_no_address_for_metrics_goes_without() {
    // Whoever has it keeps it.
    let _taken = std::net::TcpListener::bind("127.0.0.1:9464");
    let home = Home::serving("smtp://127.0.0.1:1?tls=none");
    let mut command = home.command(&["serve"]);
    command.env_remove("OTP_METRICS_LISTEN");
    let server = Program::launch(command);
    server.until_said(&["\"ready\""]);
    assert!(server.said().contains("127.0.0.1:9464 cannot be listened on"), "{}", server.said());
}

#[tokio::test]
async fn a_newcomer_needs_no_port_for_metrics() {
    // Whoever has it keeps it.
    let _taken = std::net::TcpListener::bind("127.0.0.1:9464");
    let home = Home::empty();
    let mut command = home.command(&["dev"]);
    command.env_remove("OTP_METRICS_LISTEN");
    Program::launch(command).until_said(&["begin anew with --reset"]);
}
