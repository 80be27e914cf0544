//! A worker that is asked to stop leaves nothing half done.

use otp_testkit::smtp_sink::{Action, Stage};

use crate::cluster::{Cluster, Limits};

on_both!(a_worker_that_stops_finishes_what_it_can_and_gives_the_rest_back);

async fn a_worker_that_stops_finishes_what_it_can_and_gives_the_rest_back(limits: Limits) {
    let cluster = Cluster::ready(limits).await;
    let [server, _] = cluster.serve();
    let (_, key) = cluster.customer("enterprise");
    for email in ["ada@example.org", "bob@example.org"] {
        server.ask(&key, email).await;
    }
    // The mail server takes its time over one, and for ever over the other.
    cluster.sink.next(Stage::Dot, Action::Hold);
    cluster.sink.next(Stage::Dot, Action::Hang);
    let stops = cluster.homes[0].work();
    cluster.sink.until(|traffic| (traffic.held, traffic.hung) == (1, 1)).await;
    stops.signal("TERM");
    stops.until_said(&["stopping"]);
    cluster.sink.release();
    let (status, said) = tokio::task::spawn_blocking(move || stops.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(cluster.counted("emailsSent"), 1);
    assert_eq!(cluster.number("SELECT count(*) FROM outbox WHERE leased_until IS NULL"), 1, "{said}");
    let _other = cluster.homes[1].work();
    cluster.quiet().await;
    assert_eq!((cluster.counted("emailsSent"), cluster.sink.mails().len()), (2, 2));
}
