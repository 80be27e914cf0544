//! The connection that writes.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::sql::Conn;
use crate::trouble::Tried;

/// The connection that writes, made anew when it broke.
pub(crate) struct Line {
    options: SqliteConnectOptions,
    conn: Option<Conn>,
}

impl Line {
    /// One that goes on with `conn`, and connects by `options` if that breaks.
    pub(crate) fn new(options: SqliteConnectOptions, conn: Conn) -> Self {
        Self { options, conn: Some(conn) }
    }

    /// The connection.
    pub(super) async fn get(&mut self) -> Tried<&mut Conn> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.options.connect().await?,
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
