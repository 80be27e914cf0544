//! The connection that writes.

use crate::connect::Access;
use crate::sql::Conn;
use crate::trouble::Tried;

/// The connection that writes, made anew when it broke.
pub(crate) struct Line {
    access: Access,
    conn: Option<Conn>,
}

impl Line {
    /// One that goes on with `conn`, and connects by `access` if that breaks.
    pub(crate) const fn new(access: Access, conn: Conn) -> Self {
        Self { access, conn: Some(conn) }
    }

    /// The connection.
    pub(super) async fn get(&mut self) -> Tried<&mut Conn> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.access.connect().await?,
        };
        Ok(self.conn.insert(conn))
    }

    /// Gives the connection up: nobody knows what state it is in.
    pub(super) fn give_up(&mut self) {
        self.conn = None;
    }

    /// Closes it, so that nothing is left in the log beside the file.
    pub(super) async fn close(self) {
        if let Some(conn) = self.conn
            && let Err(error) = conn.close().await
        {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }
}
