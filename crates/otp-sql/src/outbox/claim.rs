//! Mail is claimed.

use std::time::Duration;

use async_trait::async_trait;
use otp_core::effect::MailJob;
use otp_core::keys::Sealed;
use otp_core::port::{Lease, Leased, Progress};
use otp_core::time::Timestamp;

use crate::challenges::{self, challenge_columns};
use crate::sql::{Conn, Row, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    /// The entries that are due and nobody's, the longest due first, with what is known of them: the
    /// challenge if that is live, and where its user gets mail. What somebody else is claiming or
    /// settling at this moment is passed over, so that claimers never wait for each other.
    FREE = concat!(
        "SELECT o.entry, o.token, o.tenant AS mail_tenant, o.mode AS mail_mode, o.mail, o.locale, o.letter, o.tries, o.admitted,
                u.address AS known_as, ", challenge_columns!(), "
        FROM (
            SELECT * FROM outbox
            WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
            ORDER BY due_at, entry
            LIMIT $2
            {postgres: FOR UPDATE SKIP LOCKED}
        ) AS o
        LEFT JOIN challenges c ON c.tenant = o.tenant AND c.mode = o.mode AND c.id = o.challenge AND c.expires_at > $1
        LEFT JOIN users u ON u.tenant = c.tenant AND u.mode = c.mode AND u.address_key = c.address_key
        ORDER BY o.due_at, o.entry"
    );
    /// Passes over an entry that somebody else has claimed since.
    LEASE(Number, Number, Number) = "
        UPDATE outbox
        SET token = w.column2, leased_until = w.column3
        FROM ({rows}) AS w
        WHERE outbox.entry = w.column1 AND outbox.token = w.column2 - 1";
}

/// Leases entries that are due.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease: Duration,
    pub(super) max: usize,
}

#[async_trait]
impl Verb for Claim {
    const OP: &'static str = "sql.claim";
    type Answer = Vec<Leased>;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<Vec<Leased>> {
        let until = self.now.plus(self.lease);
        let rows = query(&FREE).time(self.now).count(self.max).fetch_all(conn).await?;
        let claimed = rows.iter().map(|row| read(row, until)).collect::<Tried<Vec<_>>>()?;
        LEASE
            .write(conn, &claimed, |query, Leased { lease, .. }| {
                query.bind(lease.entry).bind(lease.token).time(lease.until)
            })
            .await?;
        Ok(claimed)
    }
}

fn read(row: &Row, until: Timestamp) -> Tried<Leased> {
    let realm = otp_core::realm::Realm { tenant: row.text("mail_tenant")?, mode: row.named("mail_mode")? };
    Ok(Leased {
        lease: Lease { entry: row.number("entry")?, token: row.number::<i64>("token")? + 1, until },
        mail: MailJob { id: row.text("mail")?, realm, letter: row.json("letter")?, locale: row.named("locale")? },
        progress: Progress { tries: row.number("tries")?, admitted: row.number::<i64>("admitted")? != 0 },
        challenge: if row.is_null("id")? { None } else { Some(challenges::read(row)?) },
        known_as: if row.is_null("known_as")? { None } else { Some(Sealed::from_bytes(row.octets("known_as")?)) },
    })
}
