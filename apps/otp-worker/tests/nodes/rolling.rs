//! Every node replaced, one by one, behind a proxy that is told of it first, as docs/deploying.md has it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use otp_testbed::service::{Ledger, Load, Proxy, until};

use crate::cluster::{Cluster, Limits};

/// What HAProxy answers to `command`.
fn haproxy(socket: &Path, command: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(format!("{command}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A column of what it tells of a node.
fn told(socket: &Path, node: &str, column: &str) -> String {
    let table = haproxy(socket, "show stat");
    let mut lines = table.lines();
    let at = lines.next().unwrap().split(',').position(|name| name == column).unwrap();
    let of_node = lines.find(|line| line.starts_with(&format!("otp,{node},"))).unwrap();
    of_node.split(',').nth(at).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_nodes_behind_a_proxy_are_replaced_one_by_one() {
    let cluster = Cluster::ready(Limits::InPostgres).await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("haproxy.sock");
    let documented = include_str!("../../../../docs/deploying/haproxy.cfg");
    let second = "# server node-2 node-2.internal:8080";
    assert!(documented.contains(second));
    let second_node = documented.replace(second, &format!("server node-2 127.0.0.1:{}", cluster.homes[1].port));
    let config = format!("global\n    stats socket {} level admin\n{second_node}", socket.display());
    let certified = rcgen::generate_simple_self_signed(["otp.example.org".to_owned()]).unwrap();
    let (pem, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let servers = cluster.serve();
    let Some(front) = Proxy::Haproxy.start(&config, cluster.homes[0].port, &pem, &key).await else { return };
    let _workers = cluster.work();
    let (_, key) = cluster.customer("enterprise");
    let ledger = Arc::new(Ledger::of(&key));
    let mut load = Load::default();
    for client in 0..4 {
        load.client(&ledger, std::slice::from_ref(&front.server), &cluster.sink, &format!("c{client}"));
    }
    ledger.answers(40).await;

    let mut replaced = Vec::new();
    for ((server, home), node) in servers.into_iter().zip(&cluster.homes).zip(["node-1", "node-2"]) {
        haproxy(&socket, &format!("set server otp/{node} state drain"));
        until("nothing is in flight", async || told(&socket, node, "scur") == "0").await;
        server.signal("TERM");
        let old = Arc::into_inner(server).unwrap();
        let (status, said) = tokio::task::spawn_blocking(move || old.ended()).await.unwrap();
        assert_eq!(status.code(), Some(0), "{said}");
        replaced.push(tokio::task::block_in_place(|| home.serve()));
        haproxy(&socket, &format!("set server otp/{node} state ready"));
        until("it is in again", async || told(&socket, node, "status") == "UP").await;
        let before: u64 = told(&socket, node, "stot").parse().unwrap();
        until("it is called again", async || told(&socket, node, "stot").parse::<u64>().unwrap() > before).await;
    }
    ledger.answers(40).await;
    load.end().await;
    assert_eq!(ledger.unanswered(), 0, "{}", front.server.said());
    ledger.audit(&replaced[0], &cluster.sink).await;
}
