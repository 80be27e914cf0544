//! Keys made and taken back by a third process, while both nodes are busy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use otp_testbed::service::{Ledger, Load, Server};
use serde_json::json;

use crate::cluster::{Cluster, Limits};

on_both!(a_key_made_or_revoked_elsewhere_counts_on_every_node_within_a_second);

/// What every node promises. It is measured from the end of the command, which the change came before.
const BOUND: Duration = Duration::from_secs(1);
/// What a busy machine may add to that: the service has one second, the test waits longer for its turn.
const SLACK: Duration = Duration::from_secs(2);

async fn a_key_made_or_revoked_elsewhere_counts_on_every_node_within_a_second(limits: Limits) {
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
        within_the_bound(&servers, another, true).await;
        let revoked = cluster.homes[1].run(&["key", "revoke", &customer, id]);
        assert!(revoked.status.success());
        within_the_bound(&servers, another, false).await;
    }
    let operator = cluster.homes[0].json(&["operator", "create", "--json"])["apiKey"].as_str().unwrap().to_owned();
    let new = json!({ "name": "Beta", "email": "owner@beta.example", "plan": "free" });
    within_the_bound(&servers, &operator, true).await;
    let (status, made) = servers[0].post("/admin/customers", &operator, new).await.unwrap();
    assert_eq!(status, 201, "{made}");
    within_the_bound(&servers, made["apiKey"].as_str().unwrap(), true).await;
    assert_eq!(ledger.unanswered(), 0);
    load.end().await;
}

/// Waits until both nodes know `key`, or do not know it any more, and see that it stays so.
async fn within_the_bound(servers: &[Arc<Server>; 2], key: &str, known: bool) {
    let changed = Instant::now();
    for server in servers {
        while is_known(server, key).await != known {
            let since = changed.elapsed();
            assert!(since < BOUND + SLACK, "known should be {known}, and is not {since:?} after the change");
        }
    }
    for server in servers.iter().cycle().take(10) {
        assert_eq!(is_known(server, key).await, known);
    }
}

/// Whether `server` answers who holds `key` otherwise than who holds none.
async fn is_known(server: &Server, key: &str) -> bool {
    let (_, answer) = server.post("/auth/introspect", key, json!({ "token": "none" })).await.unwrap();
    answer["code"] != "invalid_api_key"
}
