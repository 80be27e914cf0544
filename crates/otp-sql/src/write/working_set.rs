//! The rows a batch decides on and those it leaves behind.

use crate::challenges::{Answers, Challenges};
use crate::effects::Effects;
use crate::limits::Limits;
use crate::outbox::Entries;
use crate::sessions::NewSessions;
use crate::sql::{Conn, Writes};
use crate::tenants::KeyUses;
use crate::trouble::Tried;
use crate::users::Users;

/// What the frequent verbs of one batch read and write.
///
/// Each part is told first which rows will be needed, reads them for all members in one statement,
/// lets members read and change them in memory, and has written in one statement what was changed. So a
/// member sees what the members before it did, and the number of statements does not grow with them.
///
/// What is read may be decided on: on SQLite the batch holds the lock of all writers from its first
/// statement on, on Postgres that of each row it has read, and all batches take those in one order (limits,
/// challenges, outbox, numbers of users that decide, then what they insert: users, key uses, other numbers of users,
/// usage; by key within each). What was not
/// there cannot be locked, so every write checks its row all the same: see
/// [`Writes::run`].
#[derive(Default)]
pub(crate) struct WorkingSet {
    pub(crate) answers: Answers,
    pub(crate) limits: Limits,
    pub(crate) challenges: Challenges,
    pub(crate) users: Users,
    pub(crate) sessions: NewSessions,
    pub(crate) outbox: Entries,
    pub(crate) key_uses: KeyUses,
    pub(crate) effects: Effects,
}

impl WorkingSet {
    /// Reads what members need.
    pub(super) async fn load(&mut self, conn: &mut Conn) -> Tried<()> {
        self.answers.load(conn).await?;
        self.limits.load(conn).await?;
        self.challenges.load(conn, &mut self.users).await?;
        self.outbox.load(conn).await?;
        self.users.load(conn, &self.challenges).await
    }

    /// Writes what members changed.
    pub(super) async fn store(&mut self, conn: &mut Conn) -> Tried<()> {
        let mut writes = Writes::new(conn.engine());
        self.answers.store(&mut writes)?;
        self.limits.store(&mut writes);
        self.challenges.store(&mut writes);
        self.users.store(&mut writes);
        self.sessions.store(&mut writes);
        self.outbox.store(&mut writes);
        self.key_uses.store(&mut writes);
        self.users.count(&mut writes);
        self.effects.store(&mut writes);
        writes.run(conn).await
    }
}
