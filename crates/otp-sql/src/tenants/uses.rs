//! When keys were used.

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::id::{KeyId, TenantId};
use otp_core::time::Timestamp;

use crate::sql::{Conn, Writes, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    TOUCH(Text, Text, Number) = "
        INSERT INTO key_uses (tenant, key, used_at)
        {rows}
        ON CONFLICT (tenant, key) DO UPDATE SET
            used_at = CASE WHEN excluded.used_at > key_uses.used_at THEN excluded.used_at ELSE key_uses.used_at END";
}

/// The last use of each key a batch was told of.
#[derive(Default)]
pub(crate) struct KeyUses(BTreeMap<(TenantId, KeyId), Timestamp>);

impl KeyUses {
    /// Has them written.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let uses: Vec<_> = self.0.iter().collect();
        writes.add(&TOUCH, &uses, |query, ((tenant, key), at)| query.text(tenant).text(key).time(**at));
    }
}

/// Notes that a key was used.
pub(super) struct Touch {
    pub(super) tenant: TenantId,
    pub(super) key: KeyId,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Verb for Touch {
    const OP: &'static str = "sql.touch";
    type Answer = ();

    async fn run(&self, _: &mut Conn, set: &mut WorkingSet) -> Tried<()> {
        let used = set.key_uses.0.entry((self.tenant, self.key)).or_insert(self.at);
        *used = self.at.max(*used);
        Ok(())
    }
}
