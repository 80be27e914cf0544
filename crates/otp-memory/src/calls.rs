//! The answers of calls that may be repeated.

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::fault::{Fault, Res};
use otp_core::keys::Sealed;
use otp_core::port::{Begun, CallLease, CallStore, Remembered};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::MemoryStore;
use crate::fading::{Ends, Fading};
use crate::state::State;

/// The calls that were begun or answered.
#[derive(Default)]
pub(crate) struct Calls(Fading<(Realm, [u8; 32]), Call>);

struct Call {
    fingerprint: [u8; 32],
    /// Absent while somebody makes the call.
    answer: Option<Sealed>,
    ends_at: Timestamp,
}

impl Ends for Call {
    fn ends_at(&self) -> Timestamp {
        self.ends_at
    }
}

impl Calls {
    fn begin(&mut self, lease: CallLease, fingerprint: [u8; 32], now: Timestamp) -> Begun {
        match self.0.live(&(lease.realm, lease.key), now) {
            Some(call) if call.fingerprint != fingerprint => Begun::Mismatch,
            Some(Call { answer: Some(answer), .. }) => Begun::Answered(answer.clone()),
            Some(_) => Begun::InFlight,
            None => {
                let call = Call { fingerprint, answer: None, ends_at: lease.until };
                self.0.keep((lease.realm, lease.key), call);
                Begun::Ours(lease)
            }
        }
    }

    /// The call of that lease, unless it passed to somebody else or was answered. A lease that ran out unnoticed holds.
    fn held(&mut self, lease: &CallLease) -> Option<&mut Call> {
        let call = self.0.live_mut(&(lease.realm, lease.key), Timestamp::from_millis(i64::MIN))?;
        Some(call).filter(|call| call.answer.is_none() && call.ends_at == lease.until)
    }

    fn give_back(&mut self, lease: &CallLease) {
        if self.held(lease).is_some() {
            self.0.remove(&(lease.realm, lease.key));
        }
    }

    pub(crate) fn remember(&mut self, remembered: Remembered) {
        if let Some(call) = self.held(&remembered.lease) {
            (call.answer, call.ends_at) = (Some(remembered.answer), remembered.expires_at);
        }
    }

    /// Drops what was answered or begun long ago.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.0.forget(now);
    }
}

impl State {
    /// Whether the leases of all answers among `effects` are held still. Asked before anything is changed.
    ///
    /// # Errors
    /// `Unavailable`, when one is not.
    pub(crate) fn still_holds(&mut self, op: &'static str, effects: &[Effect]) -> Res<()> {
        let mut answers = effects.iter().filter_map(|effect| {
            if let Effect::Remember(remembered) = effect { Some(&remembered.lease) } else { None }
        });
        match answers.all(|lease| self.calls.held(lease).is_some()) {
            true => Ok(()),
            false => Err(Fault::unavailable(op, "somebody else makes this call by now")),
        }
    }
}

#[async_trait]
impl CallStore for MemoryStore {
    async fn begin(&self, lease: CallLease, fingerprint: [u8; 32], now: Timestamp) -> Res<Begun> {
        Ok(self.write("memory.begin_call", now)?.calls.begin(lease, fingerprint, now))
    }

    async fn give_back(&self, lease: CallLease, now: Timestamp) -> Res<()> {
        self.write("memory.give_back_call", now)?.calls.give_back(&lease);
        Ok(())
    }

    async fn remember(&self, remembered: Remembered, now: Timestamp) -> Res<()> {
        const OP: &str = "memory.remember_call";
        let mut state = self.write(OP, now)?;
        let effects = vec![Effect::Remember(remembered)];
        state.still_holds(OP, &effects)?;
        state.apply(effects, now);
        Ok(())
    }
}
