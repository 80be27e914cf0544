//! kill -9 of anything at random points, over and over: what clients were told is what the stores hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use otp_testbed::service::{Closing, Ledger, Load, Program, Server};
use serde_json::json;

use crate::cluster::{Cluster, Limits, until_ready};

on_both!(whatever_is_killed_the_stores_hold_what_clients_were_told);

/// Kills; as many of each victim, in an order that looks random.
const KILLS: u64 = 10;
/// Clients at work meanwhile.
const CLIENTS: u64 = 6;
/// Longer than a lease.
const PAST_LEASES: Duration = Duration::from_secs(61);
/// Codes an hour that the plan of these tests gives one address.
const AN_HOUR: u64 = 1000;

#[derive(Debug, Clone, Copy)]
enum Victim {
    Postgres,
    Redis,
    Server(usize),
    Worker(usize),
}

/// Requests for one address that is asked for again and again, so that what its limit has left tells
/// how many were counted.
#[derive(Default)]
struct Hot {
    answered: AtomicU64,
    sent: AtomicU64,
}

impl Hot {
    /// One more, if it is answered. Answers what the limit has left.
    async fn ask(&self, server: &Server, key: &str) -> Option<u64> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let body = json!({ "email": "hot@example.org" });
        let (status, answer) = server.post("/auth/request-otp", key, body).await.ok()?;
        if status >= 500 {
            return None;
        }
        assert_eq!(status, 200, "{answer}");
        self.answered.fetch_add(1, Ordering::SeqCst);
        answer["remaining"].as_u64()
    }

    /// Nothing drawn was given back, and nothing was drawn that was not asked for.
    async fn audit(&self, server: &Server, key: &str) {
        let left = self.ask(server, key).await.expect("no answer after everything came back");
        let (answered, sent) = (self.answered.load(Ordering::SeqCst), self.sent.load(Ordering::SeqCst));
        assert!((AN_HOUR - sent..=AN_HOUR - answered).contains(&left), "{left} left after {answered} of {sent}");
    }
}

async fn whatever_is_killed_the_stores_hold_what_clients_were_told(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (mut servers, mut workers) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("enterprise");
    let (ledger, hot) = (Arc::new(Ledger::of(&key)), Arc::new(Hot::default()));
    let mut victims =
        vec![Victim::Postgres, Victim::Server(0), Victim::Worker(1), Victim::Server(1), Victim::Worker(0)];
    if limits == Limits::InRedis {
        victims.insert(1, Victim::Redis);
    }
    let mut point = 11u64;
    for (round, victim) in (0..KILLS).zip(victims.iter().copied().cycle()) {
        // Another point each time, spread over a whole round: a step of Knuth's multiplicative hash.
        point = (point.wrapping_mul(2_654_435_761) + round) % (1 << 32);
        let load = at_work(&cluster, &servers, &ledger, &hot, &key, round);
        ledger.answers(point % (CLIENTS * 8) + 1).await;
        match victim {
            Victim::Postgres => cluster.postgres.kill(),
            Victim::Redis => cluster.redis.as_ref().unwrap().kill(),
            Victim::Server(node) => servers[node].kill(),
            Victim::Worker(node) => workers[node].kill(),
        }
        load.end().await;
        come_back(&cluster, victim, &mut servers, &mut workers).await;
        // Mails in hands that are gone come back when the leases have run out.
        cluster.clock.advance(PAST_LEASES);
        let server = &servers[usize::from(round % 2 == 0)];
        ledger.audit(server, &cluster.sink).await;
        hot.audit(server, &key).await;
        compare(&cluster, &ledger, &hot);
    }
    exact_when_nothing_dies(&cluster, &servers, &ledger).await;
}

/// Clients who sign in, each call at the other server, and one who asks for one address all the time.
fn at_work(
    cluster: &Cluster,
    servers: &[Arc<Server>; 2],
    ledger: &Arc<Ledger>,
    hot: &Arc<Hot>,
    key: &str,
    round: u64,
) -> Load {
    let mut load = Load::default();
    for client in 0..CLIENTS {
        load.client(ledger, servers, &cluster.sink, &format!("r{round}c{client}"));
    }
    let (hot, servers, key) = (hot.clone(), servers.clone(), key.to_owned());
    load.task(async move |closing| {
        for server in servers.iter().cycle() {
            if closing.is_now() || hot.ask(server, &key).await.is_none() {
                return;
            }
        }
    });
    load
}

/// Starts again what was killed, and waits until both servers are well. Nothing else is restarted.
async fn come_back(cluster: &Cluster, victim: Victim, servers: &mut [Arc<Server>; 2], workers: &mut [Program; 2]) {
    match victim {
        Victim::Postgres => cluster.postgres.restart(),
        Victim::Redis => cluster.redis.as_ref().unwrap().restart(),
        Victim::Server(node) => servers[node] = Arc::new(cluster.homes[node].serve()),
        Victim::Worker(node) => workers[node] = cluster.homes[node].work(),
    }
    for server in servers {
        until_ready(server, true).await;
    }
}

/// Every count lies between the calls that were answered and those that were sent.
fn compare(cluster: &Cluster, ledger: &Ledger, hot: &Hot) {
    let of_hot = (hot.answered.load(Ordering::SeqCst), hot.sent.load(Ordering::SeqCst));
    let (least, most) = ledger.requests.bounds();
    let requests = least + of_hot.0..=most + of_hot.1;
    let logins = ledger.logins.bounds();
    let logins = logins.0..=logins.1;
    let verifications = ledger.verifications.bounds();
    let verifications = verifications.0..=verifications.1;
    let audited = |event: &str| cluster.audited(&format!("entry::json ->> 'event' = '{event}'"));
    for (what, stored, told) in [
        ("requests counted", cluster.counted("otpRequests"), &requests),
        ("requests audited", audited("otp.requested"), &requests),
        ("verdicts counted", cluster.counted("otpVerifications"), &verifications),
        ("logins counted", cluster.counted("successfulLogins"), &logins),
        ("logins audited", audited("user.logged_in"), &logins),
        ("sessions", cluster.number("SELECT count(*) FROM sessions"), &logins),
        ("users", cluster.number("SELECT count(*) FROM users"), &logins),
    ] {
        assert!(told.contains(&stored), "{what}: {stored}, but clients know of {told:?}");
    }
}

/// With nobody killed, what is stored is what was answered, to the unit.
async fn exact_when_nothing_dies(cluster: &Cluster, servers: &[Arc<Server>; 2], ledger: &Ledger) {
    const CYCLES: u64 = 20;
    cluster.quiet().await;
    let counters = ["otpRequests", "otpVerifications", "successfulLogins", "newUsers", "emailsSent"];
    let before = counters.map(|counter| cluster.counted(counter));
    let never = Closing::never();
    let cycles = (0..CYCLES).map(|n| ledger.cycle(servers, &cluster.sink, format!("quiet{n}@example.org"), &never));
    assert!(join_all(cycles).await.iter().all(Option::is_some));
    cluster.quiet().await;
    let more: Vec<u64> =
        counters.iter().zip(before).map(|(counter, before)| cluster.counted(counter) - before).collect();
    assert_eq!(more, [CYCLES, 3 * CYCLES, CYCLES, CYCLES, CYCLES]);
}
