//! What every scene is played on: two servers and two workers, the stores they share, a mail peer.

use std::sync::Arc;

use otp_testbed::service::{Home, Program, Server, SteppedClock, canary, until};
use otp_testbed::stores::{Durability, Persistence, Postgres, Redis};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;

/// Where limits are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    InPostgres,
    InRedis,
}

/// The stores, the mail peer, and two homes in which servers and workers may run.
pub(crate) struct Cluster {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Option<Redis>,
    pub(crate) sink: Arc<SmtpSink>,
    pub(crate) clock: SteppedClock,
    pub(crate) homes: [Home; 2],
}

impl Cluster {
    /// Nothing runs yet but the stores, and the database is empty. Only processes die here, never the machine.
    pub(crate) async fn empty(limits: Limits) -> Self {
        let postgres = Postgres::start(Durability::Fast);
        let redis = match limits {
            Limits::InPostgres => None,
            Limits::InRedis => Some(Redis::start(Persistence::Always)),
        };
        let sink = Arc::new(SmtpSink::start().await.unwrap());
        let clock = SteppedClock::unmoved();
        let home = || {
            let home = Home::serving(&sink.url())
                .with("OTP_DATABASE_URL", &postgres.url())
                .with("OTP_WORKER", "false")
                // Where a balancer in front of both would be reached.
                .with("OTP_PUBLIC_URL", "https://otp.example")
                .on(&clock);
            match &redis {
                Some(redis) => home.with("OTP_KV_URL", &redis.url()),
                None => home,
            }
        };
        let homes = [home(), home()];
        Self { postgres, redis, sink, clock, homes }
    }

    /// The database has its schema.
    pub(crate) async fn ready(limits: Limits) -> Self {
        let cluster = Self::empty(limits).await;
        let migrated = cluster.homes[0].run(&["migrate", "up"]);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        cluster
    }

    /// Both servers.
    pub(crate) fn serve(&self) -> [Arc<Server>; 2] {
        self.homes.each_ref().map(|home| Arc::new(home.serve()))
    }

    /// Both workers.
    pub(crate) fn work(&self) -> [Program; 2] {
        self.homes.each_ref().map(Home::work)
    }

    /// A customer on `plan`; answers its id and key.
    pub(crate) fn customer(&self, plan: &str) -> (String, String) {
        self.homes[0].customer(plan)
    }

    /// The one number that `sql` answers.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        self.postgres.psql(sql).trim().parse().unwrap()
    }

    /// What has been counted under `counter` so far.
    pub(crate) fn counted(&self, counter: &str) -> u64 {
        self.number(&format!("SELECT coalesce(sum(n), 0) FROM usage_minutes WHERE counter = '{counter}'"))
    }

    /// How many audit entries there are, sealed or not, of which `such` is true.
    pub(crate) fn audited(&self, such: &str) -> u64 {
        let trails = "SELECT tenant, entry FROM audit_unsealed UNION ALL SELECT tenant, entry FROM audit";
        self.number(&format!("SELECT count(*) FROM ({trails}) AS trails WHERE {such}"))
    }

    /// Waits until every mail was settled.
    pub(crate) async fn quiet(&self) {
        until("an empty outbox", async || self.number("SELECT count(*) FROM outbox") == 0).await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        canary::assert_silent("Postgres", &self.postgres.written());
        if let Some(redis) = &self.redis {
            canary::assert_silent("Redis", &redis.written());
        }
    }
}

/// Waits until `server` says it is ready, or that it is not.
pub(crate) async fn until_ready(server: &Server, ready: bool) {
    until(if ready { "ready" } else { "not ready" }, async || (server.get("/health/ready").await.0 == 200) == ready)
        .await;
}

/// Asks `program` to stop; it has to end well.
pub(crate) async fn stop(program: Program) -> String {
    program.signal("TERM");
    let (status, said) = tokio::task::spawn_blocking(move || program.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    said
}

/// Whether an answer to `body` says that it is the service that is in trouble, and when to come again.
pub(crate) async fn is_unavailable(server: &Server, path: &str, key: &str, body: serde_json::Value) -> bool {
    let request = server.request(Method::POST, path).header("X-OTP-API-Key", key).json(&body);
    let answer = request.send().await.unwrap();
    answer.status() == 503 && answer.headers().contains_key("Retry-After")
}
