//! Entries are sealed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::audit::Mac;
use otp_core::id::TenantId;
use otp_core::port::Sealing;

use super::{age, place};
use crate::sql::{Conn, Query, Writes, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    /// The heads chains are to be continued from, held until that is written.
    HELD(Text) = "
        SELECT h.tenant, h.mac
        FROM ({rows}) AS w
        JOIN audit_heads h ON h.tenant = w.column1
        {postgres: ORDER BY h.tenant FOR UPDATE OF h}";
    /// Passes over a trail somebody else has begun.
    BEGIN(Text, Number, Octets, Number, Octets, Number, Octets, Number) = "
        INSERT INTO audit_heads (tenant, first, before, last, latest, oldest, mac, octets)
        {rows}
        ON CONFLICT (tenant) DO NOTHING";
    CONTINUE(Text, Number, Octets, Number, Octets, Number, Octets, Number) = "
        UPDATE audit_heads
        SET first = w.column2, before = w.column3, last = w.column4, latest = w.column5, oldest = w.column6,
            mac = w.column7, octets = audit_heads.octets + w.column8
        FROM ({rows}) AS w
        WHERE audit_heads.tenant = w.column1";
    LINK(Number, Number, Octets) = "
        INSERT INTO audit (tenant, seq, mac, at, id, entry)
        SELECT u.tenant, w.column2, w.column3, u.at, u.id, u.entry
        FROM ({rows}) AS w
        JOIN audit_unsealed u ON u.number = w.column1";
    SEALED(Number) = "DELETE FROM audit_unsealed WHERE number IN ({rows})";
}

/// Continues chains.
pub(super) struct Seal(pub(super) Vec<Sealing>);

#[async_trait]
impl Verb for Seal {
    const OP: &'static str = "sql.seal";
    type Answer = u64;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<u64> {
        let mut held: BTreeMap<TenantId, Mac> = BTreeMap::new();
        for row in HELD.fetch(conn, &self.0, |query, sealing| query.text(sealing.tenant)).await? {
            held.insert(row.text("tenant")?, Mac::from_bytes(row.hash("mac")?));
        }
        // Whose head is another by now was sealed by somebody else.
        let expected = |sealing: &&Sealing| held.get(&sealing.tenant).copied() == sealing.expected.map(|head| head.mac);
        let mut sealings: Vec<_> = self.0.iter().filter(expected).collect();
        sealings.sort_by_key(|sealing| sealing.tenant);
        let (continued, begun): (Vec<&Sealing>, Vec<_>) =
            sealings.into_iter().partition(|sealing| sealing.expected.is_some());
        let links: Vec<_> = continued.iter().chain(&begun).flat_map(|sealing| &sealing.links).collect();
        let mut writes = Writes::new(conn.engine());
        writes.add(&CONTINUE, &continued, bind_head);
        writes.add(&BEGIN, &begun, bind_head);
        writes.add(&LINK, &links, |query, (number, link)| {
            query.bind(*number).bind(place(link.seq)).octets(link.mac.as_bytes())
        });
        writes.add(&SEALED, &links, |query, (number, _)| query.bind(*number));
        writes.run(conn).await?;
        Ok(links.len() as u64)
    }
}

fn bind_head(query: Query, sealing: &&Sealing) -> Query {
    let Sealing { tenant, head, links, .. } = sealing;
    let octets: usize = links.iter().map(|(_, link)| link.kept.text.len()).sum();
    let query = query.text(tenant).bind(place(head.first)).octets(head.before.as_bytes());
    let query = query.bind(place(head.last)).octets(head.latest.as_bytes()).bind(age(head.oldest));
    query.octets(head.mac.as_bytes()).bind(place(octets as u64))
}
