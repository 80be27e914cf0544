//! kill -9 at random points under load: what was accepted stays, what was spent stays spent.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use otp_testkit::smtp_sink::SmtpSink;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

use crate::harness::{Home, Server, code};
use crate::serving::customer;

/// Servers killed.
const KILLS: u32 = 50;
/// Clients at work while one is.
const CLIENTS: u32 = 8;

/// What a client was told of one challenge before the server died.
#[derive(Debug, Clone)]
struct Accepted {
    id: Value,
    email: String,
    /// Attempts left after the last wrong one that was answered.
    left: u64,
    /// Whether an attempt was sent whose answer never came.
    unsure: bool,
    verified: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_refund_nothing_and_let_nobody_in_twice() {
    let sink = Arc::new(SmtpSink::start().await.unwrap());
    let home = Home::serving(&sink.url());
    let mut server = Arc::new(home.serve());
    let (_, key) = customer(&home, "enterprise");
    let mut point = 7u32;
    for round in 0..KILLS {
        // Another point each time, spread over a whole round: a step of Knuth's multiplicative hash.
        point = point.wrapping_mul(2_654_435_761).wrapping_add(round);
        let after = point % (CLIENTS * 6) + 1;
        let ledger = under_load(&server, &sink, &key, round, after).await;
        kill(server);
        server = Arc::new(home.serve());
        join_all(ledger.iter().map(|accepted| audit(&server, &sink, &key, accepted))).await;
    }
    // One code a challenge, however often its mail was sent.
    let mut codes = HashMap::new();
    for mail in sink.mails() {
        let code = mail.code().unwrap().to_owned();
        assert_eq!(codes.entry(mail.to.clone()).or_insert_with(|| code.clone()), &code);
    }
}

fn kill(server: Arc<Server>) {
    let mut server = Arc::into_inner(server).expect("a client still holds the server");
    server.kill();
}

/// Lets clients sign in until `after` calls were answered; answers what they were told by then.
async fn under_load(server: &Arc<Server>, sink: &Arc<SmtpSink>, key: &str, round: u32, after: u32) -> Vec<Accepted> {
    let (answered, enough) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let ledger = Arc::new(Mutex::new(Vec::new()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (server, sink, key, ledger) = (server.clone(), sink.clone(), key.to_owned(), ledger.clone());
            let (answered, enough) = (answered.clone(), enough.clone());
            let count = move || {
                if answered.fetch_add(1, Ordering::SeqCst) + 1 == after {
                    enough.notify_one();
                }
            };
            tokio::spawn(async move {
                for turn in 0.. {
                    let email = format!("r{round}c{client}t{turn}@example.org");
                    cycle(&server, &sink, &key, email, &ledger, &count).await;
                }
            })
        })
        .collect();
    enough.notified().await;
    // The process dies in the middle of whatever is under way now.
    server.signal("KILL");
    for client in clients {
        client.abort();
        // Aborting is how every client ends.
        client.await.unwrap_err();
    }
    Arc::into_inner(ledger).expect("a client still holds the ledger").into_inner()
}

async fn cycle(
    server: &Server,
    sink: &SmtpSink,
    key: &str,
    email: String,
    ledger: &Mutex<Vec<Accepted>>,
    count: &impl Fn(),
) {
    let Ok((200, asked)) = server.post("/auth/request-otp", key, json!({ "email": email })).await else {
        return std::future::pending().await;
    };
    let place = {
        let mut ledger = ledger.lock().await;
        ledger.push(Accepted {
            id: asked["challengeId"].clone(),
            email: email.clone(),
            left: 5,
            unsure: false,
            verified: false,
        });
        ledger.len() - 1
    };
    count();
    let code = code(sink, &email).await;
    let wrong = if code == "000000000" { "000000001" } else { "000000000" };
    for otp in [wrong, wrong, &code] {
        ledger.lock().await[place].unsure = true;
        let body = json!({ "challengeId": asked["challengeId"], "otp": otp });
        let Ok((status, answer)) = server.post("/auth/verify-otp", key, body).await else {
            return std::future::pending().await;
        };
        let accepted = &mut ledger.lock().await[place];
        accepted.unsure = false;
        accepted.verified = status == 200;
        accepted.left = answer["remainingAttempts"].as_u64().unwrap_or(accepted.left);
        count();
    }
}

/// Compares what a client was told with what the next server knows.
async fn audit(server: &Server, sink: &SmtpSink, key: &str, accepted: &Accepted) {
    let code = code(sink, &accepted.email).await;
    let wrong = if code == "000000000" { "000000001" } else { "000000000" };
    let (_, answer) = server.verify(key, &accepted.id, wrong).await;
    let died_with_it = accepted.unsure && answer["code"] == "otp_expired";
    if accepted.verified || died_with_it {
        assert_eq!(answer["code"], "otp_expired", "a second success: {accepted:?} {answer}");
        assert_eq!(server.verify(key, &accepted.id, &code).await.0, 401, "{accepted:?}");
        return;
    }
    let left = answer["remainingAttempts"].as_u64().unwrap_or_else(|| panic!("lost: {accepted:?} {answer}"));
    let spent_unseen = u64::from(accepted.unsure);
    assert!(
        (accepted.left - 1 - spent_unseen..accepted.left).contains(&left),
        "refunded or overspent: {accepted:?} {left}"
    );
    assert_eq!(server.verify(key, &accepted.id, &code).await.0, 200, "{accepted:?}");
    assert_eq!(server.verify(key, &accepted.id, &code).await.1["code"], "otp_expired", "{accepted:?}");
}
