//! What a customer is told of his traffic is what his clients were told, by the hour and in total; and so is the trail.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use otp_core::port::Clock;
use otp_core::system::SystemClock;
use otp_testbed::service::{Ledger, Load, Server, until};
use reqwest::Method;
use serde_json::Value;

use crate::cluster::{Cluster, Limits};

on_both!(every_counter_lies_between_calls_answered_and_calls_sent);

const HOUR: Duration = Duration::from_secs(3_600);

async fn read(server: &Server, key: &str, path: &str) -> Value {
    let answer = server.request(Method::GET, path).header("X-OTP-API-Key", key).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Clients at work on both nodes until they have got `answers`.
async fn work(cluster: &Cluster, servers: &[Arc<Server>; 2], ledger: &Arc<Ledger>, name: &str) -> Load {
    let mut load = Load::default();
    for client in 0..6 {
        load.client(ledger, servers, &cluster.sink, &format!("{name}{client}"));
    }
    load
}

async fn every_counter_lies_between_calls_answered_and_calls_sent(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let mut servers = cluster.serve();
    let [worker, _other] = cluster.work();
    let (customer, key) = cluster.customer("enterprise");
    // An hour that does not end while we look.
    let now = SystemClock.now();
    cluster.clock.advance(now.until(now.hour().plus(HOUR)) + Duration::from_secs(60));

    // Without a kill: exactly.
    let (first, second) = (Arc::new(Ledger::of(&key)), Arc::new(Ledger::of(&key)));
    let load = work(&cluster, &servers, &first, "first").await;
    first.answers(500).await;
    load.end().await;
    assert_eq!(first.unanswered(), 0);
    cluster.quiet().await;

    // With one, in the middle of the next hour: a node and a worker.
    cluster.clock.advance(HOUR);
    let load = work(&cluster, &servers, &second, "second").await;
    second.answers(250).await;
    servers[1].kill();
    worker.kill();
    load.end().await;
    let stays = [servers[0].clone(), servers[0].clone()];
    let load = work(&cluster, &stays, &second, "third").await;
    second.answers(250).await;
    load.end().await;
    // Mails in the hands of the dead worker come back when its leases have run out.
    cluster.clock.advance(Duration::from_secs(61));
    cluster.quiet().await;
    servers[1] = Arc::new(cluster.homes[1].serve());

    // Mails the dead worker had handed over, whose code was used before they came back: they are not sent again.
    let in_the_dead_hand = cluster.counted("emailsDropped");
    for server in &servers {
        let told = read(server, &key, "/admin/analytics?granularity=hour").await;
        let hours: Vec<&Value> = told["breakdown"].as_array().unwrap().iter().rev().take(2).collect();
        let [later, earlier] = hours[..] else { panic!("{told}") };
        let count = |figures: &Value, name: &str| figures[name].as_u64().unwrap();
        for (name, of_first, of_second) in [
            ("otpRequests", first.requests.bounds(), second.requests.bounds()),
            ("otpVerifications", first.verifications.bounds(), second.verifications.bounds()),
            ("successfulLogins", first.logins.bounds(), second.logins.bounds()),
            // Nobody signs in twice.
            ("newUsers", first.logins.bounds(), second.logins.bounds()),
            ("uniqueUsers", first.logins.bounds(), second.logins.bounds()),
            (
                "emailsSent",
                first.requests.bounds(),
                (second.requests.bounds().0 - in_the_dead_hand, second.requests.bounds().1),
            ),
        ] {
            assert_eq!(of_first.0, of_first.1);
            let within: RangeInclusive<u64> = of_second.0..=of_second.1;
            assert_eq!(count(earlier, name), of_first.0, "{name}, with nobody killed");
            assert!(within.contains(&count(later, name)), "{name}: {} of {within:?}", count(later, name));
            assert_eq!(count(&told["metrics"], name), count(earlier, name) + count(later, name), "{name} in total");
        }
        let failed = |figures: &Value| count(figures, "otpVerifications") - count(figures, "successfulLogins");
        assert_eq!(count(earlier, "failedAttempts"), failed(earlier));
        assert_eq!(count(later, "failedAttempts"), failed(later));
        // Counted in memory, and written every second: at the latest when nobody has called for a while.
        let calls = first.requests.bounds().0 + first.verifications.bounds().0;
        assert_eq!(count(earlier, "apiCalls"), calls);
    }

    let requests = |told: &Value| told["responseTimeMetrics"]["/auth/me"]["count"].as_u64().unwrap_or(0);
    assert_eq!(requests(&read(&servers[0], &key, "/admin/analytics/realtime").await), 0);
    let me = servers[1].request(Method::GET, "/auth/me").header("X-OTP-API-Key", &key).bearer_auth("none");
    assert_eq!(me.send().await.unwrap().status(), 401);
    until("a call told by the other node", async || {
        requests(&read(&servers[0], &key, "/admin/analytics/realtime").await) == 1
    })
    .await;

    // The trail is sealed whole, kill or no kill; and what is done to it is seen.
    until("sealed trails", async || cluster.number("SELECT count(*) FROM audit_unsealed") == 0).await;
    let verify = || cluster.homes[0].run(&["audit", "verify"]);
    let verified = verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let said = String::from_utf8(verified.stdout).unwrap();
    let line = said.lines().find(|line| line.starts_with(&customer)).unwrap();
    assert!(line.contains("as sealed") && line.contains(" 0 younger ones"), "{line}");
    let edit = "UPDATE audit SET entry = replace(entry, 'otp.verified', 'otp.failed') WHERE seq = 40 AND tenant =";
    cluster.postgres.psql(&format!("UPDATE audit SET at = at + 1 WHERE seq = 40 AND tenant = '{customer}'"));
    cluster.postgres.psql(&format!("{edit} '{customer}'"));
    let broken = verify();
    assert_eq!(broken.status.code(), Some(1));
    assert!(String::from_utf8(broken.stdout).unwrap().contains("entry 40 was edited"));
}
