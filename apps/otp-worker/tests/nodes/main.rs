//! Several servers and workers on one database, as real processes, with real stores and a real mail peer.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

/// Each scene twice: with limits in the database, and in Redis.
macro_rules! on_both {
    ($($scene:ident),+ $(,)?) => {
        mod limits_in_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scene() {
                    super::$scene(crate::cluster::Limits::InPostgres).await;
                }
            )+
        }

        mod limits_in_redis {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scene() {
                    super::$scene(crate::cluster::Limits::InRedis).await;
                }
            )+
        }
    };
}

mod cluster;
mod counters;
mod erasure;
mod kills;
mod logout;
mod metrics;
mod migrations;
mod one_dies;
mod outages;
mod races;
mod revocation;
mod rolling;
mod signup;
mod sleeper;
mod stopping;
