//! The reference adapter under the suite every adapter passes.

use std::sync::Arc;

use otp_core::port::Stores;
use otp_memory::MemoryStore;

async fn fresh() -> Stores {
    Stores::of(Arc::new(MemoryStore::default()))
}

otp_testkit::conformance!(fresh);
otp_testkit::conformance_of_record!(fresh);

/// Of the oracle this shows only that it can be played: the adapter is its own model.
#[test]
fn the_oracle_agrees_with_itself() {
    otp_testkit::oracle::agree(64, fresh, fresh);
}

/// A store that opens sessions in one place and looks for them in another is found out.
#[test]
#[should_panic(expected = "the adapter answers")]
fn the_oracle_sees_a_difference() {
    otp_testkit::oracle::agree(256, fresh, async || Stores { sessions: fresh().await.sessions, ..fresh().await });
}
