//! What a process counts of its calls is written down.

use std::sync::Arc;
use std::time::Duration;

use otp_core::deployment::Deployment;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::outage::Outage;

/// How often. What was counted since is lost if the process is killed.
const EVERY: Duration = Duration::from_secs(1);

/// The task that does it.
#[derive(Debug)]
pub struct TrafficTask {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl TrafficTask {
    /// Begins writing down what `deployment` counts.
    pub fn begin(deployment: Deployment) -> Self {
        let stop = Arc::new(Notify::new());
        Self { task: tokio::spawn(write(deployment, stop.clone())), stop }
    }

    /// Writes down the rest. To be called when no more calls are answered, and before the store is closed.
    pub async fn end(self) {
        self.stop.notify_one();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "what counts calls broke down");
        }
    }
}

/// Not cut off half-way: what is being written is counted nowhere else.
async fn write(deployment: Deployment, stop: Arc<Notify>) {
    let mut outage = Outage::default();
    loop {
        let stopping = timeout(EVERY, stop.notified()).await.is_ok();
        outage.note(deployment.write_traffic().await, "calls are counted in memory until the store is back");
        if stopping {
            return;
        }
    }
}
