//! One schema for all nodes, and who waits for it.

use otp_testbed::service::{Program, Server, until};

use crate::cluster::{Cluster, Limits, stop, until_ready};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_migrate_at_once_both_succeed() {
    let cluster = Cluster::empty(Limits::InPostgres).await;
    let migrations: Vec<Program> =
        (0..4).map(|n| Program::launch(cluster.homes[n % 2].command(&["migrate", "up"]))).collect();
    for migration in migrations {
        let (status, said) = migration.ended();
        assert_eq!(status.code(), Some(0), "{said}");
    }
    assert!(cluster.homes[0].run(&["migrate", "status"]).status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_and_workers_wait_for_a_schema_and_then_go_on() {
    let cluster = Cluster::empty(Limits::InPostgres).await;
    let home = &cluster.homes[0];
    assert_eq!(home.run(&["migrate", "status"]).status.code(), Some(1));
    // The default on Postgres is to wait; said as well, so that this test does not rest on it.
    let server = Server::of(Program::launch(home.command(&["--migrate", "false", "serve"])), home.url());
    let worker = Program::launch(home.command_of("otp-worker", &["run"]));
    for program in [server.program(), &worker] {
        program.until_said(&["migrations are pending"]);
    }
    until("an answer", async || server.request(reqwest::Method::GET, "/health/ready").send().await.is_ok()).await;
    assert_eq!(server.get("/health/ready").await.0, 503);
    assert!(home.run(&["migrate", "up"]).status.success());
    until_ready(&server, true).await;
    worker.until_said(&["\"ready\""]);
    stop(worker).await;

    // A worker that still waits ends as soon as it is asked to.
    let empty = Cluster::empty(Limits::InPostgres).await;
    let waiting = Program::launch(empty.homes[0].command_of("otp-worker", &["run"]));
    waiting.until_said(&["migrations are pending"]);
    stop(waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_newer_version_is_refused() {
    let cluster = Cluster::ready(Limits::InPostgres).await;
    let newer = "WITH newer AS (
            INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'of a later version', true, '', 0) RETURNING 1
        ) SELECT count(*) FROM newer";
    assert_eq!(cluster.number(newer), 1);
    let home = &cluster.homes[0];
    for mut command in
        [home.command(&["serve"]), home.command_of("otp-worker", &["run"]), home.command(&["migrate", "up"])]
    {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("newer version") || said.contains("later version"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_reached_is_a_dependency_that_is_down() {
    let cluster = Cluster::ready(Limits::InPostgres).await;
    cluster.postgres.stop();
    let home = &cluster.homes[0];
    for mut command in
        [home.command(&["serve"]), home.command_of("otp-worker", &["run"]), home.command(&["migrate", "up"])]
    {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
