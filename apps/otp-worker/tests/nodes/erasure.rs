//! A person is erased: no store and no log knows the address any more, and the trail is whole.

use otp_testbed::service::{Server, code, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Limits, stop};

on_both!(nothing_is_left_of_an_erased_person);

const EMAIL: &str = "canary.person@example.org";

async fn call(server: &Server, key: &str, method: Method, path: &str) -> (u16, Value) {
    let answer = server.request(method, path).header("X-OTP-API-Key", key).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn holds(place: &[u8], what: &str) -> bool {
    place.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what.as_bytes()))
}

async fn nothing_is_left_of_an_erased_person(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let (servers, workers) = (cluster.serve(), cluster.work());
    let (customer, key) = cluster.customer("enterprise");
    let asked = servers[0].ask(&key, EMAIL).await;
    let right = code(&cluster.sink, EMAIL).await;
    let (_, signed_in) = servers[1].verify(&key, &asked["challengeId"], &right).await;
    let wrong = json!({ "email": EMAIL, "otp": "000000000", "context": { "ip": "192.0.2.7" } });
    servers[0].post("/auth/verify-otp", &key, wrong).await.unwrap();
    servers[1].ask(&key, EMAIL).await;

    let user = signed_in["userId"].as_str().unwrap().to_owned();
    let (status, held) = call(&servers[0], &key, Method::GET, &format!("/admin/users/{user}/export")).await;
    assert_eq!((status, held["user"]["email"].as_str()), (200, Some(EMAIL)));
    let by_address = cluster.homes[0].json(&["user", "export", &customer, EMAIL]);
    assert_eq!(by_address["user"], held["user"]);

    let (status, told) = call(&servers[0], &key, Method::DELETE, &format!("/admin/users/{user}")).await;
    assert_eq!((status, &told["deleted"]["sessions"], &told["deleted"]["challenges"]), (200, &json!(1), &json!(1)));
    // At once, on the other node too.
    assert_eq!(servers[1].me(&signed_in["token"]).await.0, 401);
    assert_eq!(cluster.homes[0].run(&["user", "export", &customer, EMAIL]).status.code(), Some(4));
    for table in ["users", "sessions", "challenges", "outbox"] {
        assert_eq!(cluster.number(&format!("SELECT count(*) FROM {table} WHERE tenant = '{customer}'")), 0, "{table}");
    }

    // He comes back, and is erased by command.
    let asked = servers[0].ask(&key, EMAIL).await;
    cluster.quiet().await;
    let newest = cluster.sink.mails().into_iter().rfind(|mail| mail.is_to(EMAIL)).unwrap();
    let (status, back) = servers[0].verify(&key, &asked["challengeId"], newest.code().unwrap()).await;
    assert_eq!((status, &back["isNewUser"]), (200, &json!(true)));
    assert_ne!(back["userId"], signed_in["userId"]);
    let erased = cluster.homes[1].json(&["user", "erase", &customer, EMAIL, "--json"]);
    assert_eq!(erased["sessions"], 1);

    until("sealed trails", async || cluster.number("SELECT count(*) FROM audit_unsealed") == 0).await;
    let verified = cluster.homes[0].run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let dump = cluster.postgres.dump();
    assert!(holds(&dump, &customer) && holds(&dump, "user.deleted"), "a dump of what there is");
    assert!(!holds(&dump, EMAIL));
    if let Some(redis) = &cluster.redis {
        let written = redis.written();
        assert!(holds(&written, &customer) && !holds(&written, EMAIL));
    }
    for server in servers {
        let said = server.said();
        assert!(said.contains("answered"));
        assert!(!holds(said.as_bytes(), EMAIL));
    }
    for worker in workers {
        assert!(!holds(stop(worker).await.as_bytes(), EMAIL));
    }
}
