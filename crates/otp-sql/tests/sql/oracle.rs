//! Random scripts are answered as the reference adapter answers them.

use std::sync::Arc;

use otp_core::port::Stores;
use otp_memory::MemoryStore;

use crate::fixture::{Engine, stores};

async fn memory() -> Stores {
    Stores::of(Arc::new(MemoryStore::default()))
}

#[test]
fn sqlite_answers_as_memory_does() {
    otp_testkit::oracle::agree(100, memory, async || stores(Engine::Sqlite).await);
}

#[test]
fn postgres_answers_as_memory_does() {
    otp_testkit::oracle::agree(100, memory, async || stores(Engine::Postgres).await);
}
