//! Many at once on both nodes, while others sign in.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use otp_core::port::Clock;
use otp_core::system::SystemClock;
use otp_testbed::service::{Ledger, Load, Server, code};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Limits, stop};

on_both!(
    of_right_codes_on_two_nodes_one_wins,
    of_wrong_codes_on_two_nodes_five_are_answered_in_each_lane,
    of_a_burst_on_two_nodes_three_are_admitted_and_each_mail_arrives_once,
    of_a_rush_on_two_nodes_a_quota_admits_what_it_has_left_and_is_told_of_once,
    of_many_newcomers_on_two_nodes_as_many_get_in_as_there_is_room_for,
);

/// Others at work on both nodes.
fn others(cluster: &Cluster, servers: &[Arc<Server>; 2], key: &str) -> (Arc<Ledger>, Load) {
    let (ledger, mut load) = (Arc::new(Ledger::of(key)), Load::default());
    for client in ["other0", "other1", "other2", "other3"] {
        load.client(&ledger, servers, &cluster.sink, client);
    }
    (ledger, load)
}

/// Each of `bodies` to the next node, all at once.
async fn all(servers: &[Arc<Server>; 2], path: &str, key: &str, bodies: &[Value]) -> Vec<(u16, Value)> {
    let nodes = servers.iter().cycle();
    let answers = nodes.zip(bodies).map(|(node, body)| node.post(path, key, body.clone()));
    join_all(answers).await.into_iter().map(Result::unwrap).collect()
}

fn count(answers: &[(u16, Value)], code: &str) -> usize {
    answers.iter().filter(|(_, body)| body["code"] == code).count()
}

async fn of_right_codes_on_two_nodes_one_wins(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, _workers) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("enterprise");
    let (ledger, load) = others(&cluster, &servers, &key);
    for round in 0..20 {
        let email = format!("ada{round}@example.org");
        let asked = servers[round % 2].ask(&key, &email).await;
        let code = code(&cluster.sink, &email).await;
        let body = json!({ "challengeId": asked["challengeId"], "otp": code });
        let answers = all(&servers, "/auth/verify-otp", &key, &vec![body; 60]).await;
        let won = answers.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!((won, count(&answers, "otp_expired")), (1, 59), "round {round}");
    }
    assert_eq!(ledger.unanswered(), 0);
    load.end().await;
    ledger.audit(&servers[0], &cluster.sink).await;
}

async fn of_wrong_codes_on_two_nodes_five_are_answered_in_each_lane(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, _workers) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("enterprise");
    let (ledger, load) = others(&cluster, &servers, &key);
    for email in ["ada@example.org", "bob@example.org"] {
        let asked = servers[0].ask(&key, email).await;
        let code = code(&cluster.sink, email).await;
        let wrong: Vec<String> =
            (0u32..61).map(|n| format!("{n:09}")).filter(|wrong| *wrong != code).take(60).collect();
        let context = json!({ "ip": "192.0.2.7" });
        let lanes = [json!({ "email": email }), json!({ "challengeId": asked["challengeId"], "context": context })];
        for lane in lanes {
            let with_code = |otp: &String| {
                let mut body = lane.clone();
                body["otp"] = Value::from(otp.as_str());
                body
            };
            let bodies: Vec<Value> = wrong.iter().map(with_code).collect();
            let answers = all(&servers, "/auth/verify-otp", &key, &bodies).await;
            assert_eq!((count(&answers, "otp_invalid"), count(&answers, "otp_attempts_exceeded")), (5, 55), "{lane}");
            let mut left: Vec<u64> =
                answers.iter().filter_map(|(_, body)| body["remainingAttempts"].as_u64()).collect();
            left.sort_unstable();
            assert_eq!(left, [0, 1, 2, 3, 4], "{lane}");
        }
        // Both lanes are used up, so the right code does not help any more.
        assert_eq!(servers[1].verify(&key, &asked["challengeId"], &code).await.1["code"], "otp_attempts_exceeded");
    }
    assert_eq!(ledger.unanswered(), 0);
    load.end().await;
    ledger.audit(&servers[1], &cluster.sink).await;
}

async fn of_a_burst_on_two_nodes_three_are_admitted_and_each_mail_arrives_once(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, workers) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("free");
    let (_, of_others) = cluster.customer("enterprise");
    let (ledger, load) = others(&cluster, &servers, &of_others);
    let emails = ["ada@example.org", "bob@example.org", "cyd@example.org"];
    let bursts = emails.map(|email| {
        let bodies = vec![json!({ "email": email }); 30];
        let (servers, key) = (&servers, &key);
        async move { all(servers, "/auth/request-otp", key, &bodies).await }
    });
    for answers in join_all(bursts).await {
        let admitted = answers.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!((admitted, count(&answers, "rate_limited")), (3, 27));
    }
    assert_eq!(ledger.unanswered(), 0);
    load.end().await;
    cluster.quiet().await;
    for worker in workers {
        stop(worker).await;
    }
    let mails = cluster.sink.mails();
    let to = |email: &str| mails.iter().filter(|mail| mail.is_to(email)).count();
    for email in emails {
        assert_eq!(to(email), 3);
    }
    for email in ledger.addresses() {
        assert_eq!(to(&email), 1);
    }
    assert_eq!(cluster.counted("emailsSent"), u64::try_from(mails.len()).unwrap());
}

async fn of_a_rush_on_two_nodes_a_quota_admits_what_it_has_left_and_is_told_of_once(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let servers = cluster.serve();
    let (customer, key) = cluster.customer("free");
    // A day that does not end while we look.
    cluster.clock.advance(until_midnight() + Duration::from_secs(60));
    let bodies = |name: &str, count: usize| -> Vec<Value> {
        (0..count).map(|n| json!({ "email": format!("{name}{n}@example.org") })).collect()
    };
    let told = |event: &str| cluster.audited(&format!("tenant = '{customer}' AND entry LIKE '%\"{event}\"%'"));
    let answers = all(&servers, "/auth/request-otp", &key, &bodies("ada", 45)).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    assert_eq!((told("quota.warning"), told("quota.exceeded")), (1, 0));
    let answers = all(&servers, "/auth/request-otp", &key, &bodies("bob", 100)).await;
    let admitted = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!((admitted, count(&answers, "quota_exceeded")), (5, 95));
    assert_eq!((told("quota.warning"), told("quota.exceeded")), (1, 1));
    let usage = servers[1].request(Method::GET, "/admin/usage").header("X-OTP-API-Key", &key).send().await.unwrap();
    assert_eq!(usage.json::<Value>().await.unwrap()["usage"]["daily"], 50);

    cluster.clock.advance(Duration::from_secs(86_400));
    let answers = all(&servers, "/auth/request-otp", &key, &bodies("cyd", 60)).await;
    let admitted = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!((admitted, count(&answers, "quota_exceeded")), (50, 10));
    assert_eq!((told("quota.warning"), told("quota.exceeded")), (2, 2));
}

/// How long the UTC day of this machine lasts yet.
fn until_midnight() -> Duration {
    let now = SystemClock.now();
    now.until(now.next_day())
}

async fn of_many_newcomers_on_two_nodes_as_many_get_in_as_there_is_room_for(limits: Limits) {
    const ROOM: usize = 7;
    let cluster = Cluster::ready(limits).await;
    let file = cluster.homes[0].path().join("otp.toml");
    std::fs::write(&file, format!("[plans.cosy]\nmaxUsers = {ROOM}\n")).unwrap();
    let file = file.to_str().unwrap();
    let servers = cluster.homes.each_ref().map(|home| Arc::new(home.start(&["--config", file, "serve"])));
    let _workers = cluster.work();
    let create = ["--config", file, "customer", "create", "--name", "Cosy", "--email", "cosy@acme.example"];
    let made = cluster.homes[0].json(&[&create[..], &["--plan", "cosy", "--json"]].concat());
    let key = made["apiKey"].as_str().unwrap();
    let arrive = async |emails: &[String]| {
        let mut bodies = Vec::new();
        for email in emails {
            let asked = servers[0].ask(key, email).await;
            bodies.push(json!({ "challengeId": asked["challengeId"], "email": email }));
        }
        for (body, email) in bodies.iter_mut().zip(emails) {
            body["otp"] = Value::from(code(&cluster.sink, email).await);
        }
        all(&servers, "/auth/verify-otp", key, &bodies).await
    };
    let newcomers: Vec<String> = (0..30).map(|n| format!("ada{n}@example.org")).collect();
    let answers = arrive(&newcomers).await;
    let entered: Vec<&Value> = answers.iter().filter(|(status, _)| *status == 200).map(|(_, body)| body).collect();
    assert_eq!((entered.len(), count(&answers, "user_limit_reached")), (ROOM, 30 - ROOM));
    assert_eq!(cluster.number("SELECT count(*) FROM users"), ROOM as u64);
    assert_eq!(cluster.number("SELECT sum(users) FROM user_counts"), ROOM as u64);
    assert_eq!(cluster.counted("newUsers"), ROOM as u64);
    assert_eq!(cluster.number("SELECT count(*) FROM sessions"), ROOM as u64);
}
