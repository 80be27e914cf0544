//! Keys made and taken back by a third process, and origins by another node, while both nodes are busy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use otp_testbed::service::{Ledger, Load, Server};
use reqwest::Method;
use serde_json::json;

use crate::cluster::{Cluster, Limits};

on_both!(a_key_or_an_origin_changed_elsewhere_counts_on_every_node_within_a_second);

/// What every node promises. It is measured from the end of the command, which the change came before.
const BOUND: Duration = Duration::from_secs(1);
/// What a busy machine may add to that: the service has one second, the test waits longer for its turn.
const SLACK: Duration = Duration::from_secs(2);

async fn a_key_or_an_origin_changed_elsewhere_counts_on_every_node_within_a_second(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, _workers) = (cluster.serve(), cluster.work());
    let (customer, key) = cluster.customer("enterprise");
    let (ledger, mut load) = (Arc::new(Ledger::of(&key)), Load::default());
    for client in ["busy0", "busy1", "busy2", "busy3"] {
        load.client(&ledger, &servers, &cluster.sink, client);
    }
    for _ in 0..5 {
        let made = cluster.homes[0].json(&["key", "create", &customer, "--json"]);
        let (id, another) = (made["keyId"].as_str().unwrap(), made["apiKey"].as_str().unwrap());
        within_the_bound(&servers, true, async |server| is_known(server, another).await).await;
        let revoked = cluster.homes[1].run(&["key", "revoke", &customer, id]);
        assert!(revoked.status.success());
        within_the_bound(&servers, false, async |server| is_known(server, another).await).await;
    }
    let operator = cluster.homes[0].json(&["operator", "create", "--json"])["apiKey"].as_str().unwrap().to_owned();
    let new = json!({ "name": "Beta", "email": "owner@beta.example", "plan": "free" });
    within_the_bound(&servers, true, async |server| is_known(server, &operator).await).await;
    let (status, made) = servers[0].post("/admin/customers", &operator, new).await.unwrap();
    assert_eq!(status, 201, "{made}");
    let made = made["apiKey"].as_str().unwrap();
    within_the_bound(&servers, true, async |server| is_known(server, made).await).await;
    for (origins, allowed) in [(json!(["https://app.example.com"]), true), (json!([]), false)] {
        let config = json!({ "config": { "allowedOrigins": origins } });
        let put = servers[0].request(Method::PUT, "/admin/config").header("X-OTP-API-Key", &key).json(&config);
        assert_eq!(put.send().await.unwrap().status(), 200);
        within_the_bound(&servers, allowed, is_allowed).await;
    }
    assert_eq!(ledger.unanswered(), 0);
    load.end().await;
}

/// Waits until both nodes answer `asked` as it is `expected`, and see that it stays so.
async fn within_the_bound(servers: &[Arc<Server>; 2], expected: bool, asked: impl AsyncFn(&Server) -> bool) {
    let changed = Instant::now();
    for server in servers {
        while asked(server).await != expected {
            let since = changed.elapsed();
            assert!(since < BOUND + SLACK, "should be {expected}, and is not {since:?} after the change");
        }
    }
    for server in servers.iter().cycle().take(10) {
        assert_eq!(asked(server).await, expected);
    }
}

/// Whether `server` answers who holds `key` otherwise than who holds none.
async fn is_known(server: &Server, key: &str) -> bool {
    let (_, answer) = server.post("/auth/introspect", key, json!({ "token": "none" })).await.unwrap();
    answer["code"] != "invalid_api_key"
}

/// Whether `server` lets a page of an origin call.
async fn is_allowed(server: &Server) -> bool {
    let preflight = server.request(Method::OPTIONS, "/auth/me").header("Origin", "https://app.example.com");
    preflight.send().await.unwrap().headers().contains_key("Access-Control-Allow-Origin")
}
