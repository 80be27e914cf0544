//! What effects have left behind: usage by the hour, and the audit trail.

use async_trait::async_trait;
use otp_core::audit::AuditEntry;
use otp_core::fault::Res;
use otp_core::id::TenantId;
use otp_core::port::{AuditLog, Counted, Metering};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::room;
use crate::sql::{Row, query, statements};
use crate::trouble::Tried;

statements! {
    COUNTS = "SELECT hour, counter, n FROM usage WHERE tenant = $1 AND mode = $2 AND hour >= $3 AND hour < $4";
    UNIQUE_USERS = "
        SELECT COUNT(DISTINCT user_id) AS users FROM seen
        WHERE tenant = $1 AND mode = $2 AND hour >= $3 AND hour < $4";
    RECENT = "SELECT entry FROM audit WHERE tenant = $1 ORDER BY seq DESC LIMIT $2";
}

#[async_trait]
impl Metering for SqlStore {
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>> {
        const OP: &str = "sql.counts";
        let rows = self.readers.all(OP, query(&COUNTS).realm(realm).time(from).time(until)).await?;
        let mut counts = rows.iter().map(counted).collect::<Tried<Vec<_>>>().map_err(|trouble| trouble.fault(OP))?;
        // The order of counters is the domain's, not that of their names.
        counts.sort_unstable();
        Ok(counts)
    }

    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64> {
        const OP: &str = "sql.unique_users";
        let row = self.readers.only(OP, query(&UNIQUE_USERS).realm(realm).time(from).time(until)).await?;
        row.number("users").map_err(|trouble| trouble.fault(OP))
    }

    async fn users(&self, realm: Realm) -> Res<u64> {
        const OP: &str = "sql.users";
        let row = self.readers.one(OP, room::users(realm)).await?;
        row.map_or(Ok(0), |row| row.number("users")).map_err(|trouble| trouble.fault(OP))
    }
}

#[async_trait]
impl AuditLog for SqlStore {
    async fn recent(&self, tenant: TenantId, max: usize) -> Res<Vec<AuditEntry>> {
        const OP: &str = "sql.recent";
        let rows = self.readers.all(OP, query(&RECENT).text(tenant).count(max)).await?;
        rows.iter().map(|row| row.json("entry")).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }
}

fn counted(row: &Row) -> Tried<Counted> {
    Ok(Counted { hour: row.time("hour")?, counter: row.named("counter")?, count: row.number("n")? })
}
