//! One schema for all nodes, and who waits for it.

use std::sync::Arc;

use otp_testbed::service::{Closing, Ledger, Load, Program, Server, until};

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

/// What a later version notes down when it has run a migration.
const RUN: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of a later version', true, '', 0);";

/// The two nodes are of the version before: all of them runs on what a later one has added to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_a_later_version_adds_to_the_schema_and_old_nodes_start_again() {
    let cluster = Cluster::ready(Limits::InPostgres).await;
    let servers = cluster.serve();
    let workers = cluster.work();
    let (_, key) = cluster.customer("enterprise");
    let ledger = Arc::new(Ledger::of(&key));
    let mut load = Load::default();
    for client in 0..4 {
        load.client(&ledger, &servers, &cluster.sink, &format!("c{client}"));
    }
    ledger.answers(50).await;
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'";
    let tables = cluster.postgres.psql(tables);
    assert!(tables.lines().any(|table| table == "challenges"), "{tables}");
    for table in tables.lines() {
        cluster.postgres.psql(&format!("ALTER TABLE {table} ADD COLUMN later BIGINT NOT NULL DEFAULT 7"));
    }
    cluster.postgres.psql(&format!("CREATE TABLE laters (n BIGINT); CREATE INDEX by_later ON users (later); {RUN}"));
    ledger.answers(100).await;
    load.end().await;
    assert_eq!(ledger.unanswered(), 0);
    ledger.audit(&servers[0], &cluster.sink).await;

    let home = &cluster.homes[0];
    for command in [["migrate", "up"], ["migrate", "status"]] {
        assert!(home.run(&command).status.success(), "{command:?}");
    }
    let [server, other] = servers;
    // The port of the first is free only once it has ended.
    server.kill();
    drop((other, workers));
    let (server, _worker) = (Arc::new(home.serve()), home.work());
    let again =
        ledger.cycle(std::slice::from_ref(&server), &cluster.sink, "again@example.org".into(), &Closing::never()).await;
    assert!(again.is_some());
    ledger.audit(&server, &cluster.sink).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_tables_a_later_version_takes_away_step_aside_and_do_not_start_again() {
    let cluster = Cluster::ready(Limits::InPostgres).await;
    let [server, _] = cluster.serve();
    let [worker, _] = cluster.work();
    cluster.postgres.psql(&format!("UPDATE schema_floor SET floor = 9999; {RUN}"));
    until_ready(&server, false).await;
    assert_eq!(server.get("/health/ready").await.1["reason"], "the database is of a newer version");
    let (status, said) = tokio::task::spawn_blocking(move || worker.ended()).await.unwrap();
    assert_eq!(status.code(), Some(3), "{said}");
    server.kill();
    let home = &cluster.homes[0];
    let commands = [home.command(&["serve"]), home.command_of("otp-worker", &["run"])];
    for mut command in
        commands.into_iter().chain([["migrate", "up"], ["migrate", "status"]].map(|it| home.command(&it)))
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
