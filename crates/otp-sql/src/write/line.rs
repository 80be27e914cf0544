//! The connection that writes.

use crate::connect::Access;
use crate::sql::{Conn, Engine};
use crate::trouble::Tried;

/// How a transaction begins.
const fn begin(engine: Engine) -> &'static str {
    match engine {
        // Takes the write lock at once. A transaction that reads first and then writes is refused when
        // another process wrote in between, and no timeout helps that; this waits for its turn.
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => "BEGIN IMMEDIATE",
        #[cfg(feature = "postgres")]
        Engine::Postgres => "BEGIN",
    }
}

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

    /// The connection, in a transaction. One that ended while nobody wrote has taken nothing with it: the
    /// store may be back since, so it is made anew.
    pub(super) async fn begin(&mut self) -> Tried<&mut Conn> {
        let begin = begin(self.access.engine());
        if let Some(mut conn) = self.conn.take() {
            match conn.run(begin).await {
                Err(trouble) if trouble.is_hang_up() => {}
                begun => {
                    let conn = self.conn.insert(conn);
                    return begun.map(|()| conn);
                }
            }
        }
        let mut conn = self.access.connect().await?;
        conn.run(begin).await?;
        Ok(self.conn.insert(conn))
    }

    /// Undoes the transaction; answers whether that was done.
    pub(super) async fn roll_back(&mut self) -> bool {
        match &mut self.conn {
            Some(conn) => conn.run("ROLLBACK").await.is_ok(),
            None => true,
        }
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
