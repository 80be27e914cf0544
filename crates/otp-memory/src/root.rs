//! The root of the index keys, and master keys that are not in force any more.

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::keys::Sealed;
use otp_core::port::{RetiredKey, RootStore};
use otp_core::time::Timestamp;

use crate::MemoryStore;

#[async_trait]
impl RootStore for MemoryStore {
    async fn keep(&self, candidate: Sealed) -> Res<Sealed> {
        Ok(self.read("memory.keep")?.root.get_or_insert(candidate).clone())
    }

    async fn reseal(&self, seen: &Sealed, anew: Sealed) -> Res<bool> {
        let mut state = self.read("memory.reseal_root")?;
        let root = state.root.as_mut().filter(|root| *root == seen);
        Ok(root.map(|root| *root = anew).is_some())
    }

    async fn retire(&self, key: RetiredKey) -> Res<()> {
        self.read("memory.retire")?.retired.insert(key.kid, key);
        Ok(())
    }

    async fn retired(&self, now: Timestamp) -> Res<Vec<RetiredKey>> {
        let state = self.read("memory.retired")?;
        let kept = state.retired.values().filter(|key| key.until.is_none_or(|until| until > now));
        Ok(kept.cloned().collect())
    }
}
