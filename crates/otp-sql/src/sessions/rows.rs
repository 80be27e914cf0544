//! Sessions as rows.

use otp_core::id::SessionId;
use otp_core::realm::Realm;
use otp_core::session::{LiveSession, Session};
use otp_core::time::Timestamp;

use crate::sql::{Bind, Conn, Query, Read, Row, statements};
use crate::trouble::{Tried, Trouble};
use crate::users::{self, user_columns};

statements! {
    /// A session and its user, if it is live.
    LIVE = concat!(
        "SELECT s.tenant, s.mode, s.id, s.purpose, s.generation, s.created_at, s.last_used_at, s.idle_expires_at,
                s.expires_at, ", user_columns!(), "
        FROM sessions s
        JOIN users u ON u.tenant = s.tenant AND u.mode = s.mode AND u.id = s.user_id
        WHERE s.tenant = $1 AND s.mode = $2 AND s.id = $3 AND s.ends_at > $4"
    );
    OPEN(12) = "
        INSERT INTO sessions (tenant, mode, id, user_id, purpose, generation, created_at, last_used_at,
                              idle_expires_at, expires_at, ends_at, sweep_at)
        VALUES {rows}";
}

/// Asks for a session and its user, if it is live.
pub(super) fn live<'q>(realm: Realm, session: SessionId, now: Timestamp) -> Query<'q> {
    sqlx::query(LIVE).realm(realm).text(session).time(now)
}

/// What [`live`] answered.
pub(super) fn read(row: &Row) -> Tried<LiveSession> {
    let realm = row.realm()?;
    let user = users::read(row, realm)?.ok_or_else(|| Trouble::unreadable("user_id"))?;
    let session = Session {
        id: row.text("id")?,
        realm,
        user: user.id,
        purpose: row.text("purpose")?,
        generation: row.number("generation")?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
        idle_expires_at: row.time("idle_expires_at")?,
        expires_at: row.time("expires_at")?,
    };
    Ok(LiveSession { session, user })
}

/// The sessions a batch opens.
#[derive(Default)]
pub(crate) struct NewSessions(Vec<Session>);

impl NewSessions {
    /// Adds one.
    pub(crate) fn open(&mut self, session: Session) {
        self.0.push(session);
    }

    /// Writes them.
    pub(crate) async fn store(&self, conn: &mut Conn) -> Tried<()> {
        OPEN.write(conn, &self.0, |query, session| {
            let query = query.realm(session.realm).text(session.id).text(session.user).text(&session.purpose);
            let query = query.bind(session.generation).time(session.created_at).time(session.last_used_at);
            let query = query.time(session.idle_expires_at).time(session.expires_at);
            query.time(session.ends_at()).time(session.ends_at())
        })
        .await
    }
}
