//! A store that stops and comes back: no guess meanwhile, nothing lost, and nobody has to restart anything.

use std::sync::Arc;

use futures::future::join_all;
use otp_testbed::service::{Program, Server, code};
use serde_json::json;

use crate::cluster::{Cluster, Limits, is_unavailable, stop, until_ready};

on_both!(while_postgres_is_away_nothing_is_answered_and_nothing_is_lost);

/// A mail that was queued, and that the workers have not seen yet: they are stopped until the store is.
async fn queue_unseen(workers: &[Program], server: &Server, key: &str, email: &str) {
    workers.iter().for_each(|worker| worker.signal("STOP"));
    server.ask(key, email).await;
}

/// One line for each outage: a worker looks five times a second.
fn told_once(said: &str, port: &str) {
    let port = format!("\"port\":\"{port}\"");
    let told = |message: &str| said.lines().filter(|line| line.contains(message) && line.contains(&port)).count();
    assert_eq!((told("mail waits"), told("mail goes on")), (1, 1), "{said}");
}

async fn while_postgres_is_away_nothing_is_answered_and_nothing_is_lost(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, workers) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("enterprise");
    let asked = servers[0].ask(&key, "ada@example.org").await;
    let first = code(&cluster.sink, "ada@example.org").await;
    queue_unseen(&workers, &servers[1], &key, "bob@example.org").await;

    cluster.postgres.stop();
    for worker in &workers {
        worker.signal("CONT");
        worker.until_said(&["mail waits"]);
    }
    join_all(servers.iter().map(async |server: &Arc<Server>| {
        until_ready(server, false).await;
        assert!(is_unavailable(server, "/auth/request-otp", &key, json!({ "email": "cyd@example.org" })).await);
        let right = json!({ "challengeId": asked["challengeId"], "otp": first });
        assert!(is_unavailable(server, "/auth/verify-otp", &key, right).await);
        assert_eq!(server.get("/health/live").await.0, 200);
    }))
    .await;

    cluster.postgres.restart();
    for server in &servers {
        until_ready(server, true).await;
    }
    assert_eq!(servers[1].verify(&key, &asked["challengeId"], &first).await.0, 200);
    code(&cluster.sink, "bob@example.org").await;
    servers[0].ask(&key, "dee@example.org").await;
    code(&cluster.sink, "dee@example.org").await;
    for worker in workers {
        told_once(&stop(worker).await, "outbox");
    }
    assert!(cluster.sink.mails().iter().all(|mail| !mail.is_to("cyd@example.org")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_no_code_is_sent_but_codes_are_verified() {
    let cluster = Cluster::ready(Limits::InRedis).await;
    let redis = cluster.redis.as_ref().unwrap();
    // One worker: of two, the one that told of the outage might find nothing to do after it.
    let (servers, worker) = (cluster.serve(), cluster.homes[0].work());
    let (_, key) = cluster.customer("enterprise");
    let asked = servers[0].ask(&key, "ada@example.org").await;
    let first = code(&cluster.sink, "ada@example.org").await;
    queue_unseen(std::slice::from_ref(&worker), &servers[1], &key, "bob@example.org").await;

    redis.stop();
    worker.signal("CONT");
    worker.until_said(&["mail waits"]);
    let right = json!({ "challengeId": asked["challengeId"], "otp": first });
    let from_somewhere = json!({ "challengeId": asked["challengeId"], "otp": first, "context": { "ip": "192.0.2.7" } });
    for server in &servers {
        until_ready(server, false).await;
        assert!(is_unavailable(server, "/auth/request-otp", &key, json!({ "email": "cyd@example.org" })).await);
        // A wrong one would have to be counted against that address.
        assert!(is_unavailable(server, "/auth/verify-otp", &key, from_somewhere.clone()).await);
    }
    let (status, verified) = servers[1].post("/auth/verify-otp", &key, right).await.unwrap();
    assert_eq!(status, 200, "{verified}");

    redis.restart();
    for (server, email) in servers.iter().zip(["dee@example.org", "eve@example.org"]) {
        until_ready(server, true).await;
        server.ask(&key, email).await;
        code(&cluster.sink, email).await;
    }
    code(&cluster.sink, "bob@example.org").await;
    assert!(cluster.sink.mails().iter().all(|mail| !mail.is_to("cyd@example.org")));
    told_once(&stop(worker).await, "limits");
}
