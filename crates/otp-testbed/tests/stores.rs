//! The stores keep what they were told to, and stay paused until they are resumed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use otp_testbed::stores::{Durability, Persistence, Postgres, Redis};

/// The letter the kernel tells of each process; nothing of one that is gone, or is only not yet waited for.
fn states(ids: &[u32]) -> String {
    let stat = |id: &u32| std::fs::read_to_string(format!("/proc/{id}/stat")).ok();
    let state = |stat: String| stat.rsplit_once(") ")?.1.chars().next();
    ids.iter().filter_map(stat).filter_map(state).filter(|state| *state != 'Z').collect()
}

#[test]
fn postgres_has_what_was_committed_after_a_kill_and_after_a_stop() {
    let postgres = Postgres::start(Durability::Fast);
    assert_eq!(postgres.psql("SHOW fsync"), "off");
    assert_eq!(postgres.psql("SHOW synchronous_commit"), "on");
    postgres.psql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2)");
    let all = postgres.process_ids();
    assert!(all.len() > 1, "{all:?}");
    postgres.kill();
    assert_eq!((states(&all), postgres.process_ids()), (String::new(), vec![]));
    postgres.restart();
    postgres.psql("INSERT INTO kept VALUES (3)");
    postgres.stop();
    postgres.restart();
    assert_eq!(postgres.psql("SELECT n FROM kept ORDER BY n"), "1\n2\n3");
}

#[test]
fn a_database_more_is_apart() {
    let postgres = Postgres::start(Durability::Full);
    assert_eq!(postgres.psql("SHOW fsync"), "on");
    let other = postgres.create_database("other");
    postgres.psql("CREATE TABLE here ()");
    let asked = Command::new("psql").args(["-XAtc", "SELECT to_regclass('here') IS NULL", &other]).output().unwrap();
    assert_eq!(String::from_utf8(asked.stdout).unwrap(), "t\n");
}

#[test]
fn a_paused_postgres_answers_the_same_session_when_it_is_resumed() {
    let postgres = Postgres::start(Durability::Fast);
    let mut session = Command::new("psql");
    session.args(["-XAt", &postgres.url()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut session = session.spawn().unwrap();
    let mut asks = session.stdin.take().unwrap();
    let mut answers = BufReader::new(session.stdout.take().unwrap()).lines();
    writeln!(asks, "SELECT 1;").unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), "1");
    postgres.pause();
    let all = postgres.process_ids();
    assert_eq!(states(&all), "T".repeat(all.len()));
    writeln!(asks, "SELECT 2;").unwrap();
    assert_eq!(states(&all), "T".repeat(all.len()));
    postgres.resume();
    assert_eq!(answers.next().unwrap().unwrap(), "2");
    drop(asks);
    session.wait().unwrap();
    // A paused one can be ended, too.
    postgres.pause();
}

#[test]
fn redis_has_what_it_wrote_down_after_a_kill() {
    let redis = Redis::start(Persistence::Always);
    assert_eq!(redis.cli(&["SET", "kept", "42"]), "OK");
    redis.kill();
    assert_eq!(redis.process_ids(), [0; 0]);
    redis.restart();
    assert_eq!(redis.cli(&["GET", "kept"]), "42");
    redis.pause();
    let all = redis.process_ids();
    assert_eq!(states(&all), "T".repeat(all.len()));
    redis.resume();
    assert_eq!(redis.cli(&["GET", "kept"]), "42");
}

#[test]
fn redis_without_persistence_is_empty_after_its_end() {
    let redis = Redis::start(Persistence::None);
    assert_eq!(redis.cli(&["SET", "lost", "42"]), "OK");
    redis.restart();
    assert_eq!(redis.cli(&["EXISTS", "lost"]), "0");
    assert_eq!(redis.cli(&["CONFIG", "GET", "maxmemory-policy"]), "maxmemory-policy\nnoeviction");
}

#[test]
fn a_dropped_server_leaves_nothing_behind() {
    let (postgres, redis) = (Postgres::start(Durability::Fast), Redis::start(Persistence::EverySecond));
    let all = [postgres.process_ids(), redis.process_ids()].concat();
    let folder = std::fs::read_link(format!("/proc/{}/cwd", redis.process_ids()[0])).unwrap();
    assert!(folder.join("appendonlydir").exists());
    // As a test that fails would.
    let failed = std::thread::spawn(move || {
        let _both = (postgres, redis);
        panic!("on purpose");
    });
    assert!(failed.join().is_err());
    assert_eq!(states(&all), "");
    assert!(!folder.exists());
}
