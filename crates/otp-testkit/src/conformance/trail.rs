//! Which effects were written: told apart by audit entries.

use otp_core::audit::{AuditEntry, AuditEvent};
use otp_core::effect::Effect;

use super::world::World;
use crate::samples::NOW;

/// The audit trail a tenant should have by now.
pub(super) struct Trail<'w> {
    world: &'w World,
    expected: Vec<AuditEntry>,
}

impl World {
    /// An effect that must not be written, by any trail of this tenant.
    pub(super) fn unwritten(&self) -> Vec<Effect> {
        vec![self.samples.told(self.realm, AuditEvent::OtpFailed, NOW)]
    }
}

impl<'w> Trail<'w> {
    pub(super) const fn of(world: &'w World) -> Self {
        Self { world, expected: Vec::new() }
    }

    /// An effect that must be written.
    pub(super) fn written(&mut self) -> Vec<Effect> {
        let entry = self.world.samples.audit(self.world.realm, AuditEvent::OtpRequested, NOW);
        self.expected.push(entry.clone());
        vec![Effect::Audit(entry)]
    }

    /// An effect that must not be written.
    pub(super) fn unwritten(&self) -> Vec<Effect> {
        self.world.unwritten()
    }

    /// `entry` must be written, in whatever shape it was handed over.
    pub(super) fn expect(&mut self, entry: AuditEntry) {
        self.expected.push(entry);
    }

    /// Checks that the trail holds what it should, whole, and nothing else.
    #[track_caller]
    pub(super) fn check(&self) -> impl Future<Output = ()> {
        let by_id = |mut entries: Vec<AuditEntry>| {
            entries.sort_by_key(|entry| entry.id);
            entries
        };
        let at = std::panic::Location::caller();
        async move {
            let trail = by_id(self.world.trail().await);
            assert_eq!(trail, by_id(self.expected.clone()), "the audit trail, as of {at}");
        }
    }
}
