//! Sessions as rows.

use otp_core::id::{SessionId, UserId};
use otp_core::keys::AddressKey;
use otp_core::realm::Realm;
use otp_core::session::{LiveSession, Session};
use otp_core::time::Timestamp;

use crate::sql::{Query, Row, Writes, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::users::{self, user_columns};

macro_rules! live {
    ($lock:literal) => {
        concat!(
            "SELECT s.tenant, s.mode, s.id, s.purpose, s.generation, s.created_at, s.last_used_at, s.idle_expires_at,
                    s.expires_at, ",
            user_columns!(),
            "
            FROM sessions s
            JOIN users u ON u.tenant = s.tenant AND u.mode = s.mode AND u.address_key = s.address_key
            WHERE s.tenant = $1 AND s.mode = $2 AND s.id = $3 AND s.ends_at > $4 ",
            $lock
        )
    };
}

statements! {
    /// A session and its user, if it is live.
    LIVE = live!("");
    /// The live sessions of a user, the newest first. Their ids are found by an index that holds nothing else.
    OF_USER = "
        SELECT s.tenant, s.mode, s.id, s.user_id, s.purpose, s.generation, s.created_at, s.last_used_at, s.idle_expires_at,
               s.expires_at
        FROM (SELECT i.id FROM sessions i WHERE i.tenant = $1 AND i.mode = $2 AND i.user_id = $3) AS his
        JOIN sessions s ON s.tenant = $1 AND s.mode = $2 AND s.id = his.id
        WHERE s.ends_at > $4
        ORDER BY s.created_at DESC, s.id DESC";
    /// The same, to be changed.
    LIVE_TO_CHANGE = live!("{postgres: FOR UPDATE OF s}");
    OPEN(Text, Text, Text, Text, Octets, Text, Number, Number, Number, Number, Number, Number, Number) = "
        INSERT INTO sessions (tenant, mode, id, user_id, address_key, purpose, generation, created_at, last_used_at,
                              idle_expires_at, expires_at, ends_at, sweep_at)
        {rows}";
}

/// Asks for a session and its user, if it is live.
pub(super) fn live(realm: Realm, session: SessionId, now: Timestamp) -> Query {
    query(&LIVE).realm(realm).text(session).time(now)
}

/// The same, to change it in this write.
pub(super) fn live_to_change(realm: Realm, session: SessionId, now: Timestamp) -> Query {
    query(&LIVE_TO_CHANGE).realm(realm).text(session).time(now)
}

/// Asks for the live sessions of a user.
pub(crate) fn of_user(realm: Realm, user: UserId, now: Timestamp) -> Query {
    query(&OF_USER).realm(realm).text(user).time(now)
}

/// What [`live`] answered.
pub(super) fn read(row: &Row) -> Tried<LiveSession> {
    let user = users::read(row, row.realm()?)?.ok_or_else(|| Trouble::unreadable("user_id"))?;
    Ok(LiveSession { session: read_session(row)?, user })
}

/// What [`of_user`] answered; [`live`] answers it, too.
pub(crate) fn read_session(row: &Row) -> Tried<Session> {
    Ok(Session {
        id: row.text("id")?,
        realm: row.realm()?,
        user: row.text("user_id")?,
        purpose: row.text("purpose")?,
        generation: row.number("generation")?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
        idle_expires_at: row.time("idle_expires_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// The sessions a batch opens, each with its user's address key.
#[derive(Default)]
pub(crate) struct NewSessions(Vec<(Session, AddressKey)>);

impl NewSessions {
    /// Adds one.
    pub(crate) fn open(&mut self, session: Session, address_key: AddressKey) {
        self.0.push((session, address_key));
    }

    /// Has them written.
    pub(crate) fn store(&self, writes: &mut Writes) {
        writes.add(&OPEN, &self.0, |query, (session, address_key)| {
            let query = query.realm(session.realm).text(session.id).text(session.user).octets(address_key.as_bytes());
            let query = query.text(&session.purpose).bind(session.generation);
            let query = query.time(session.created_at).time(session.last_used_at);
            let query = query.time(session.idle_expires_at).time(session.expires_at);
            query.time(session.ends_at()).time(session.ends_at())
        });
    }
}
