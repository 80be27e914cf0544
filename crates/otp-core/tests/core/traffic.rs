//! Calls are counted in memory, and written down together.

use std::sync::Arc;
use std::time::Duration;

use otp_core::fault::Fault;
use otp_core::port::{MockTrafficLog, TrafficLog};
use otp_core::prelude::*;
use otp_core::realm::Realm;
use otp_core::traffic::CallMade;
use otp_memory::MemoryStore;

const REALM: Realm = Realm::live(TenantId::from_u128(1));

#[tokio::test]
async fn what_cannot_be_written_down_is_written_the_next_time() {
    let memory = Arc::new(MemoryStore::default());
    let mut log = MockTrafficLog::new();
    log.expect_record().times(1).returning(|_| Err(Fault::unavailable("test.record", "down")));
    let kept = memory.clone();
    log.expect_record().times(1).returning(move |traffic| futures::executor::block_on(kept.record(traffic)));
    let stores = Stores { traffic: Arc::new(log), ..Stores::of(memory.clone()) };
    let deployment = Deployment::builder(MasterKey::from_bytes([7; 32]), stores).open().await.unwrap();
    let call = |id: &str| {
        let took = Duration::from_millis(1);
        let (at, route) = (deployment.now(), "/auth/me");
        deployment.meter().call(CallMade { realm: REALM, at, route, took, wrong: None, request_id: id });
    };
    call("1");
    assert!(deployment.write_traffic().await.is_err());
    call("2");
    deployment.write_traffic().await.unwrap();
    // Nothing is left, so nothing is written.
    deployment.write_traffic().await.unwrap();
    let since = deployment.now().minus(Duration::from_secs(600));
    let calls = memory.calls_since(REALM, since).await.unwrap();
    assert_eq!(calls.iter().map(|calls| calls.count).sum::<u64>(), 2);
}
