//! A chain loses its beginning.

use async_trait::async_trait;
use otp_core::audit::Head;
use otp_core::id::TenantId;

use super::{age, place};
use crate::sql::{Conn, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    /// Passes over a head that is another by now.
    MOVE = "
        UPDATE audit_heads
        SET first = $3, before = $4, last = $5, latest = $6, oldest = $7, mac = $8
        WHERE tenant = $1 AND mac = $2";
    DELETE = "DELETE FROM audit WHERE tenant = $1 AND seq < $2 RETURNING CAST(LENGTH(entry) AS BIGINT) AS octets";
    LESS = "UPDATE audit_heads SET octets = octets - $2 WHERE tenant = $1";
}

/// Gives a chain a later beginning.
pub(super) struct Shorten {
    pub(super) tenant: TenantId,
    pub(super) expected: Head,
    pub(super) head: Head,
}

#[async_trait]
impl Verb for Shorten {
    const OP: &'static str = "sql.shorten";
    type Answer = u64;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<u64> {
        let Self { tenant, expected, head } = self;
        let moved = query(&MOVE).text(tenant).octets(expected.mac.as_bytes());
        let moved = moved.bind(place(head.first)).octets(head.before.as_bytes()).bind(place(head.last));
        let moved = moved.octets(head.latest.as_bytes()).bind(age(head.oldest)).octets(head.mac.as_bytes());
        if moved.execute(conn).await? == 0 {
            return Ok(0);
        }
        let deleted = query(&DELETE).text(tenant).bind(place(head.first)).fetch_all(conn).await?;
        let mut octets = 0;
        for row in &deleted {
            octets += row.number::<i64>("octets")?;
        }
        query(&LESS).text(tenant).bind(octets).execute(conn).await?;
        Ok(deleted.len() as u64)
    }
}
