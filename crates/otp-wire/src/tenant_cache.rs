//! Tenants served from memory, by a process that hears of every change.

use std::sync::Arc;
use std::time::Duration;

use otp_core::port::Stores;
use otp_core::system::SystemClock;
use otp_core::tenants::TenantCache;
use tokio::task::JoinHandle;

use crate::outage::Outage;

/// How often a process looks for changes that others made.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Looks for changes of tenants until it is dropped.
#[derive(Debug)]
pub struct Lookout(JoinHandle<()>);

impl Drop for Lookout {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// `stores` with a cache in front of its tenants, and who keeps that true.
pub fn begin(stores: Stores) -> (Stores, Lookout) {
    let cache = Arc::new(TenantCache::new(stores.tenants.clone(), Arc::new(SystemClock)));
    let lookout = Lookout(tokio::spawn(look(cache.clone())));
    (Stores { tenants: cache, ..stores }, lookout)
}

async fn look(cache: Arc<TenantCache>) {
    let mut outage = Outage::default();
    loop {
        outage.note(cache.look().await, "changes of tenants cannot be read; tenants are read each time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
