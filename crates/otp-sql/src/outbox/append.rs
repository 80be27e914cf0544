//! Effects that no change carries.

use async_trait::async_trait;
use otp_core::effect::Effect;
use otp_core::time::Timestamp;

use crate::sql::Conn;
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

/// Writes effects by themselves.
pub(super) struct Append {
    pub(super) effects: Vec<Effect>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Append {
    const OP: &'static str = "sql.append";
    type Answer = ();

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need_for(&self.effects);
    }

    async fn run(&self, _: &mut Conn, set: &mut WorkingSet) -> Tried<()> {
        set.apply(&self.effects, self.now)
    }
}
