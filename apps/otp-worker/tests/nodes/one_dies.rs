//! kill -9 of one node under load: the other does not notice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use otp_testbed::service::{Ledger, Load};

use crate::cluster::{Cluster, Limits};

on_both!(a_node_that_is_killed_takes_nothing_with_it);

/// Longer than a lease.
const PAST_LEASES: Duration = Duration::from_secs(61);

async fn a_node_that_is_killed_takes_nothing_with_it(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let ([stays, dies], [_worker, dying_worker]) = (cluster.serve(), cluster.work());
    let (_, key) = cluster.customer("enterprise");
    // Two books: of those who talk to the node that stays, no call may fail.
    let (of_stays, of_dies) = (Arc::new(Ledger::of(&key)), Arc::new(Ledger::of(&key)));
    let mut load = Load::default();
    for client in 0..4 {
        load.client(&of_stays, std::slice::from_ref(&stays), &cluster.sink, &format!("stays{client}"));
        load.client(&of_dies, std::slice::from_ref(&dies), &cluster.sink, &format!("dies{client}"));
    }
    of_dies.answers(60).await;
    dies.kill();
    dying_worker.kill();
    // Mails in the hands of the dead worker come back when its leases have run out.
    cluster.clock.advance(PAST_LEASES);
    of_stays.answers(60).await;
    assert_eq!(of_stays.unanswered(), 0);
    load.end().await;
    of_stays.audit(&stays, &cluster.sink).await;
    of_dies.audit(&stays, &cluster.sink).await;
    // One code a challenge, however often its mail was sent.
    let mut codes = HashMap::new();
    for mail in cluster.sink.mails() {
        let code = mail.code().unwrap().to_owned();
        assert_eq!(codes.entry(mail.to.clone()).or_insert_with(|| code.clone()), &code);
    }
}
