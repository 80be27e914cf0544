//! No statement reaches the logs, for what is bound to it might be a secret.

use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::port::{ChallengeStore, TenantStore};
use otp_testkit::samples::{NOW, Samples, by_address};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::set_global_default;
use tracing::{Event, Metadata, Subscriber};

use crate::fixture::{Engine, Fixture};

/// Listens to everything and counts what the driver says of statements.
struct Listener;

static HEARD: AtomicUsize = AtomicUsize::new(0);

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        HEARD.fetch_add(usize::from(event.metadata().target() == "sqlx::query"), Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn statements_are_not_logged() {
    // For the whole process: the driver speaks from threads of its own.
    set_global_default(Listener).unwrap();
    let (fixture, samples) = (Fixture::new(Engine::Sqlite).await.unwrap(), Samples::seeded(14));
    let challenge = samples.challenge(samples.realm(), NOW);
    fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    ChallengeStore::live(&fixture.store, &by_address(&challenge), NOW).await.unwrap();
    fixture.store.insert(samples.tenant(NOW), Vec::new(), NOW).await.unwrap();
    fixture.store.close().await;
    assert_eq!(HEARD.load(Ordering::Relaxed), 0);
}
