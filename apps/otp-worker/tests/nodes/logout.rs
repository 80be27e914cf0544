//! A session that one node has ended is dead on the other.

use std::sync::Arc;

use futures::future::join_all;
use otp_testbed::service::{Server, code};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Limits};

on_both!(a_session_is_dead_on_every_node_before_logout_returns);

/// Sessions at the same time.
const SESSIONS: usize = 20;

async fn a_session_is_dead_on_every_node_before_logout_returns(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, _workers) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("enterprise");
    for round in 0..3 {
        join_all((0..SESSIONS).map(async |session| {
            let [here, there] = if session % 2 == 0 { [0, 1] } else { [1, 0] }.map(|node: usize| &servers[node]);
            let email = format!("r{round}s{session}@example.org");
            let asked = here.ask(&key, &email).await;
            let code = code(&cluster.sink, &email).await;
            let (status, signed_in) = there.verify(&key, &asked["challengeId"], &code).await;
            assert_eq!(status, 200, "{signed_in}");
            assert!(is_alive(here, &key, &signed_in).await && is_alive(there, &key, &signed_in).await);
            let token = signed_in["token"].as_str().unwrap();
            let logout = here.request(Method::POST, "/auth/logout").bearer_auth(token).send();
            assert_eq!(logout.await.unwrap().status(), 200);
            for node in [there, here] {
                assert!(!is_alive(node, &key, &signed_in).await);
                let refresh = json!({ "refreshToken": signed_in["refreshToken"] });
                assert_eq!(node.post("/auth/refresh", &key, refresh).await.unwrap().0, 401);
            }
        }))
        .await;
    }
}

/// Whether `server` takes the token that somebody `signed_in` with.
async fn is_alive(server: &Arc<Server>, key: &str, signed_in: &Value) -> bool {
    let token = &signed_in["token"];
    let (introspected, me) =
        futures::join!(server.post("/auth/introspect", key, json!({ "token": token })), server.me(token));
    let active = introspected.unwrap().1["active"].as_bool().unwrap();
    assert_eq!(active, me.0 == 200, "{me:?}");
    active
}
