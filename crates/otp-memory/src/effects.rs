//! The one place where effects become state.

use otp_core::audit::Kept;
use otp_core::effect::{Effect, Who};
use otp_core::limit::Admission;
use otp_core::time::Timestamp;

use crate::state::State;

impl State {
    /// Writes `effects`, in order. A verb calls it under the same lock as the change that causes them.
    pub(crate) fn apply(&mut self, effects: Vec<Effect>, now: Timestamp) {
        for effect in effects {
            match effect {
                Effect::Mail(mail) => self.queue.push(mail, now),
                Effect::Count { realm, counter, at } => self.usage.count(realm, counter, at, 1),
                Effect::Seen { realm, who: Who::User(user), at } => self.usage.see(realm, user, at),
                // Only a sign-in says who that is, and passes its effects through `Effect::signed_in` first.
                Effect::Seen { who: Who::SignedIn, .. } => {}
                // A text that cannot be written is none of ours: entries hold texts and numbers.
                Effect::Audit(entry) => {
                    if let Ok(kept) = Kept::of(&entry) {
                        self.trails.record(entry.realm.tenant, kept);
                    }
                }
                Effect::Remember(remembered) => self.calls.remember(remembered),
                Effect::Once(once) => {
                    if let Admission::Admitted(_) = self.acquire(&[once.draw()], now) {
                        self.apply(once.effects, now);
                    }
                }
            }
        }
    }
}
