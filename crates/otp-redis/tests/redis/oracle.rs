//! Random scripts are answered as the reference adapter answers them.

use std::sync::Arc;

use otp_core::port::Stores;
use otp_memory::MemoryStore;

use crate::fixture::everything;

#[test]
fn redis_answers_as_memory_does() {
    otp_testkit::oracle::agree(100, async || Stores::of(Arc::new(MemoryStore::default())), everything);
}
