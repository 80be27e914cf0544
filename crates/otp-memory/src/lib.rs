//! In-memory adapter of every storage port of `otp-core`: the executable specification.
//!
//! [`MemoryStore`] is what other adapters are compared with, what tests run on, and enough for an
//! embedder with one process whose sign-ins may be lost with it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use otp_core::id::TenantId;
//! use otp_core::port::{Inserted, Stores, TenantStore};
//! use otp_core::tenant::Tenant;
//! use otp_core::time::Timestamp;
//! use otp_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), otp_core::fault::Fault> {
//! let store = Arc::new(MemoryStore::default());
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let tenant = Tenant::new(TenantId::from_u128(1), "Example", "free", now);
//!
//! assert_eq!(store.insert(tenant.clone(), vec![], now).await?, Inserted::Inserted);
//! assert_eq!(store.insert(tenant.clone(), vec![], now).await?, Inserted::Exists);
//!
//! let stores = Stores::of(store);
//! assert_eq!(stores.tenants.get(tenant.id, otp_core::port::Age::Fresh).await?, Some(tenant));
//! # Ok(())
//! # }
//! ```
//!
//! # How it is made
//! One mutex over one plain `State`. Every verb locks once, decides and writes, and is therefore
//! atomic. Each port has a module with its part of the state, the verbs as plain functions of it, and
//! the port's `impl`, which only locks and calls. Effects are applied in `effects` and nowhere else.
//!
//! Challenges, remembered answers, limits and sessions are forgotten an hour after they have ended,
//! by whatever writes next. Tenants, users, the audit trail and, unless it is rolled up, usage are kept as long as the
//! process lives.
//!
//! # To add to it
//! - A verb: write it as a function of `State` in its port's module, taking `now` and handing effects
//!   to `State::apply`; let the port's `impl` call it under [`MemoryStore`]'s lock.
//! - A port: give it a module, its data a field of `State`, and name it in `Stores`.
//! - Data that ends: keep it in a `Fading` map and have `State::forget` call it.
//!
//! The contract of a verb is in the docs of its port; the cases that show it are in `otp-testkit`, and
//! a new verb begins with one there.

mod calls;
mod challenges;
mod effects;
mod erasure;
mod fading;
mod limits;
mod outbox;
mod root;
mod sessions;
mod state;
mod tenants;
mod traffic;
mod trails;
mod usage;
mod users;

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use otp_core::fault::{Fault, Res};
use otp_core::time::Timestamp;

use state::State;

/// Every storage port, in the memory of this process. Starts empty and loses everything when dropped.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// The state, to be read.
    ///
    /// A verb that panicked may have left half a change behind, and there is nothing to roll it back
    /// with. Carrying on could give back an attempt or lose a mail, so the store fails closed for good.
    fn read(&self, op: &'static str) -> Res<MutexGuard<'_, State>> {
        self.state.lock().map_err(|_| Fault::corrupt(op, "an earlier call panicked half-way"))
    }

    /// The state, to be changed, without what has ended.
    fn write(&self, op: &'static str, now: Timestamp) -> Res<MutexGuard<'_, State>> {
        let mut state = self.read(op)?;
        state.forget(now);
        Ok(state)
    }
}

impl fmt::Debug for MemoryStore {
    /// Without content: it holds tenants' addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otp_core::fault::FaultKind;

    #[test]
    fn a_verb_that_panicked_closes_the_store() {
        let store = MemoryStore::default();
        let panicked = std::thread::scope(|scope| {
            let verb = || {
                let _state = store.write("memory.open", Timestamp::from_millis(0)).unwrap();
                panic!("half-way");
            };
            scope.spawn(verb).join()
        });
        assert!(panicked.is_err());
        assert_eq!(store.read("memory.live").err().map(|fault| fault.kind()), Some(FaultKind::Corrupt));
    }
}
