//! Whether the process wants traffic, as whoever runs it says.

use std::sync::{Arc, PoisonError, RwLock};

/// A switch shared by all its clones: ready, or not for a reason. Ready when it is made.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<RwLock<Option<&'static str>>>);

impl Readiness {
    /// Traffic is welcome.
    pub fn ready(&self) {
        self.set(None);
    }

    /// Traffic should go elsewhere: `draining`, `migrations pending`.
    pub fn not_ready(&self, reason: &'static str) {
        self.set(Some(reason));
    }

    /// Why traffic should go elsewhere, if it should.
    pub fn reason(&self) -> Option<&'static str> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, reason: Option<&'static str>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
