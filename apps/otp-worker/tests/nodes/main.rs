//! Several servers and workers on one database, as real processes, with real stores and a real mail peer.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

/// Each scene, wherever limits may be.
macro_rules! wherever_limits_are {
    ($($scene:ident),+ $(,)?) => {
        mod limits_in_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scene() {
                    super::$scene(crate::cluster::Limits::InPostgres).await;
                }
            )+
        }
    };
}

mod cluster;
mod kills;
mod logout;
mod migrations;
mod one_dies;
mod outages;
mod races;
mod revocation;
mod sleeper;
mod stopping;
