//! The root of the index keys.

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::keys::Sealed;
use otp_core::port::RootStore;

use crate::MemoryStore;

#[async_trait]
impl RootStore for MemoryStore {
    async fn keep(&self, candidate: Sealed) -> Res<Sealed> {
        Ok(self.read("memory.keep")?.root.get_or_insert(candidate).clone())
    }
}
