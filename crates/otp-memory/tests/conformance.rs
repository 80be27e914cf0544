//! The reference adapter under the suite every adapter passes.

use std::sync::Arc;

use otp_core::port::Stores;
use otp_memory::MemoryStore;

async fn fresh() -> Stores {
    Stores::of(Arc::new(MemoryStore::default()))
}

otp_testkit::conformance!(fresh);
