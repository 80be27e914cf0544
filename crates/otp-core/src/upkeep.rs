//! What has to be done beside requests, again and again. Whoever runs a deployment paces it; any number of processes may.

use std::fmt;

use crate::audit::Trails;
use crate::deployment::Deployment;
use crate::fault::Res;

/// Does it.
#[derive(Clone)]
pub struct Upkeep {
    deployment: Deployment,
    trails: Trails,
}

impl Upkeep {
    /// Of `deployment`.
    pub fn new(deployment: Deployment) -> Self {
        Self { trails: Trails::new(deployment.clone()), deployment }
    }

    /// Seals what was audited since the last time. To be called once a second or more often.
    ///
    /// # Errors
    /// When the store cannot be reached; the next time does what is left.
    pub async fn seal(&self) -> Res<u64> {
        self.trails.seal().await
    }

    /// Rolls up what was counted and deletes what is too old; answers how many rows it has moved or deleted. To be called
    /// every minute or so; after a stop, however long, the next call does all that was left undone.
    ///
    /// # Errors
    /// When the store cannot be reached; the next time does what is left.
    pub async fn tidy(&self) -> Res<u64> {
        let mut rows = self.trails.shorten().await?;
        loop {
            let round = self.deployment.stores.analytics.roll_up(self.deployment.now()).await?;
            rows += round;
            if round == 0 {
                return Ok(rows);
            }
        }
    }
}

impl fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upkeep").finish_non_exhaustive()
    }
}
