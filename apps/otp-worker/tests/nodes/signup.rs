//! Signing up on two nodes, by mail that a worker has sent.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::cluster::{Cluster, Limits};

on_both!(of_many_confirmations_on_two_nodes_one_opens_the_account_and_its_owner_hears_of_it);

/// Owners stand in the database in clear, so that nobody else may be called so.
const OWNER: &str = "charles@engines.example";

async fn of_many_confirmations_on_two_nodes_one_opens_the_account_and_its_owner_hears_of_it(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, _workers) = (cluster.serve(), cluster.work());
    let wish = json!({ "email": OWNER, "companyName": "Analytical Engines" });
    let (status, asked) = servers[0].post("/signup", "", wish.clone()).await.unwrap();
    assert_eq!(status, 200, "{asked}");
    let mail = cluster.sink.next_to(OWNER).await;
    let link = mail.text.lines().find_map(|line| line.strip_prefix("https://otp.example/signup/confirm?token="));
    let proofs = [json!({ "token": link }), json!({ "email": OWNER, "code": mail.code() })];

    let confirmations = servers.iter().cycle().zip(proofs.iter().cycle().step_by(3).take(40));
    let answers = join_all(confirmations.map(|(server, proof)| server.post("/signup/verify", "", proof.clone()))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let opened: Vec<_> = answers.iter().filter(|(status, _)| *status == 201).collect();
    let account = &opened[0].1;
    // Whoever follows the link again, or at the same time, may be shown the same keys; nobody is shown others.
    assert!(opened.iter().all(|(_, body)| body == account));
    let refused: Vec<_> = answers.iter().filter_map(|(_, body)| body["code"].as_str()).collect();
    assert!(refused.iter().all(|code| ["otp_expired", "idempotency_in_flight"].contains(code)), "{refused:?}");
    assert_eq!(opened.len() + refused.len(), 40);
    for server in &servers {
        let me = server.request(Method::GET, "/admin/customers/me");
        let me = me.header("X-OTP-API-Key", account["apiKey"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(me.status(), 200, "the key is good on every node, at once");
    }

    let (status, _) = servers[1].post("/signup", "", wish).await.unwrap();
    assert_eq!(status, 200, "answered as before");
    let mail = cluster.sink.next_to(OWNER).await;
    assert!(mail.code().is_none() && !mail.text.contains("https://"), "{}", mail.text);
    let suspended = cluster.homes[0].run(&["customer", "suspend", account["customerId"].as_str().unwrap()]);
    assert!(suspended.status.success());
    let mail = cluster.sink.next_to(OWNER).await;
    assert_eq!(mail.subject, "Your account Analytical Engines is suspended");
    cluster.quiet().await;
}
