//! What a worker tells Prometheus of the mail it carries.

use otp_testbed::port::free_port;
use otp_testbed::service::{Program, until};
use otp_testkit::smtp_sink::{Action, Stage};

use crate::cluster::{Cluster, Limits};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_tells_of_what_waits_and_of_what_it_has_sent() {
    let cluster = Cluster::ready(Limits::InPostgres).await;
    let [server, _] = cluster.serve();
    let (_, key) = cluster.customer("enterprise");
    for email in ["ada@example.org", "bob@example.org"] {
        server.ask(&key, email).await;
    }
    // One of them is never taken, so there is something that waits whenever the worker looks.
    cluster.sink.next(Stage::Dot, Action::Hang);
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = cluster.homes[0].command_of("otp-worker", &["run"]);
    command.env("OTP_METRICS_LISTEN", &address);
    let _worker = Program::launch(command);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let is_told = async |begins: &str, is: fn(f64) -> bool| {
        let Ok(answer) = client.get(format!("http://{address}/metrics")).send().await else { return false };
        let told = answer.text().await.unwrap();
        let values = told.lines().filter_map(|line| line.strip_prefix(begins)?.trim().parse().ok());
        values.into_iter().any(is)
    };
    let sent = "otp_mails_total{provider=\"smtp-1\",outcome=\"sent\"}";
    until("a mail that waits", async || is_told("otp_outbox_waiting", |waiting| waiting >= 1.0).await).await;
    until("how old it is", async || is_told("otp_outbox_oldest_seconds", f64::is_finite).await).await;
    until("a mail that was sent", async || is_told(sent, |mails| mails >= 1.0).await).await;
}
