//! kill -9 at random points under load: what was accepted stays, what was spent stays spent.

use std::collections::HashMap;
use std::sync::Arc;

use otp_testbed::service::{Home, Ledger, Load};
use otp_testkit::smtp_sink::SmtpSink;

/// Servers killed.
const KILLS: u64 = 50;
/// Clients at work while one is.
const CLIENTS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_refund_nothing_and_let_nobody_in_twice() {
    let sink = Arc::new(SmtpSink::start().await.unwrap());
    let home = Home::serving(&sink.url());
    let mut server = Arc::new(home.serve());
    let (_, key) = home.customer("enterprise");
    let ledger = Arc::new(Ledger::of(&key));
    let mut point = 7u64;
    for round in 0..KILLS {
        // Another point each time, spread over a whole round: a step of Knuth's multiplicative hash.
        point = (point.wrapping_mul(2_654_435_761) + round) % (1 << 32);
        let mut load = Load::default();
        for client in 0..CLIENTS {
            load.client(&ledger, std::slice::from_ref(&server), &sink, &format!("r{round}c{client}"));
        }
        ledger.answers(point % (CLIENTS * 6) + 1).await;
        // It dies in the middle of whatever is under way now.
        server.kill();
        load.end().await;
        server = Arc::new(home.serve());
        ledger.audit(&server, &sink).await;
    }
    // One code a challenge, however often its mail was sent.
    let mut codes = HashMap::new();
    for mail in sink.mails() {
        let code = mail.code().unwrap().to_owned();
        assert_eq!(codes.entry(mail.to.clone()).or_insert_with(|| code.clone()), &code);
    }
}
