//! A worker that sleeps past its leases and wakes up: others have done its work, and it changes nothing.

use std::collections::HashSet;
use std::time::Duration;

use otp_testbed::service::until;
use otp_testkit::smtp_sink::{Action, Stage};

use crate::cluster::{Cluster, Limits, stop};

on_both!(a_worker_that_slept_past_its_leases_changes_nothing);

/// Longer than a lease.
const PAST_LEASES: Duration = Duration::from_secs(61);
const MAILS: usize = 40;

async fn a_worker_that_slept_past_its_leases_changes_nothing(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let [server, _] = cluster.serve();
    let (_, key) = cluster.customer("enterprise");
    for n in 0..MAILS {
        server.ask(&key, &format!("ada{n}@example.org")).await;
    }
    // Some are taken by the mail server, and the worker waits for its word. Of some it will learn that they
    // were taken, of others never.
    for action in [Action::Hold, Action::Hang, Action::Hold, Action::Hang] {
        cluster.sink.next(Stage::Taken, action);
    }
    let sleeper = cluster.homes[0].work();
    cluster.sink.until(|traffic| (traffic.held, traffic.hung) == (2, 2)).await;
    sleeper.signal("STOP");
    cluster.clock.advance(PAST_LEASES);
    let other = cluster.homes[1].work();
    cluster.quiet().await;
    assert_eq!(cluster.counted("emailsSent"), u64::try_from(MAILS).unwrap());

    cluster.sink.release();
    cluster.sink.cut();
    sleeper.signal("CONT");
    let lost = || sleeper.said().matches("a lease ran out").count();
    until("a worker that finds its leases gone", async || lost() >= 4).await;
    stop(sleeper).await;
    stop(other).await;
    assert_eq!(cluster.counted("emailsSent"), u64::try_from(MAILS).unwrap());
    assert_eq!(cluster.number("SELECT count(*) FROM outbox"), 0, "a lost lease put a mail back");
    // Sent twice, some of them, under the same id and with the same code.
    let mails = cluster.sink.mails();
    let ids: HashSet<_> = mails.iter().map(|mail| (mail.header("Message-ID"), mail.to.clone(), mail.code())).collect();
    assert_eq!(ids.len(), MAILS);
}
