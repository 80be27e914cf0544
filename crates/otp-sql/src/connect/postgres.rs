//! The server, and what its sessions begin with.

use std::path::Path;
use std::time::Duration;

use otp_core::fault::{FaultKind, Res};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use super::{Access, OP, PREPARED};
use crate::sql::Conn;
use crate::trouble::{Tried, Trouble};

/// How long a server may take to let a connection in.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// To write.
    Writing,
    /// To read.
    Reading,
    /// To change tables, which takes its time.
    Migrating,
}

/// Said of every session that serves. Every statement has an index made for it, so a plan is made once,
/// for any argument, and never scans a table: statistics are those of a small table for a while, and by
/// them a scan looks cheap. Whoever holds locks and has stopped (a frozen process, a lost machine) is
/// thrown out before others give up waiting for him.
macro_rules! serving {
    ($more:literal) => {
        concat!(
            "SET plan_cache_mode = force_generic_plan;
             SET enable_seqscan = off;
             SET enable_hashjoin = off;
             SET enable_mergejoin = off;
             SET jit = off;
             SET idle_in_transaction_session_timeout = '2s';
             SET lock_timeout = '3s';
             SET statement_timeout = '5s';",
            $more
        )
    };
}

impl Session {
    const fn beginning(self) -> &'static str {
        match self {
            // What is answered is on disk, whatever the server's default is.
            Self::Writing => {
                serving!("SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'")
            }
            Self::Reading => serving!("SET default_transaction_read_only = on"),
            Self::Migrating => "SET lock_timeout = '30s'",
        }
    }
}

/// How to reach the server at `url`, trusting the roots in `extra_roots`, too.
pub(crate) fn options(url: &str, extra_roots: Option<&Path>) -> Res<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|_| {
        // The error is dropped: it may quote the URL, and with it a password.
        Trouble::misconfigured("the URL is not of the form postgres://USER:PASSWORD@HOST/DATABASE").fault(OP)
    })?;
    let options = options.application_name("otp").statement_cache_capacity(PREPARED).disable_statement_logging();
    Ok(match extra_roots {
        Some(file) => options.ssl_root_cert(file),
        None => options,
    })
}

/// The way there for `session`.
pub(crate) fn access(options: &PgConnectOptions, session: Session) -> Access {
    Access::Postgres(Box::new(options.clone()), session)
}

/// Connects, and begins the session.
pub(super) async fn connect(options: &PgConnectOptions, session: Session) -> Tried<Conn> {
    let begun = async {
        let mut conn = Conn::Postgres(options.connect().await?);
        conn.run(session.beginning()).await?;
        Ok(conn)
    };
    let in_time = timeout(PATIENCE, begun).await;
    in_time.unwrap_or_else(|_| Err(Trouble::new(FaultKind::Unavailable, Late)))
}

/// The server did not let us in.
#[derive(Debug, thiserror::Error)]
#[error("the server takes longer than 5 s to let a connection in")]
struct Late;
