//! The root of the index keys, and master keys that are not in force any more.

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::keys::{Kid, Sealed};
use otp_core::port::{RetiredKey, RootStore};
use otp_core::time::Timestamp;

use crate::SqlStore;
use crate::sql::{Conn, Row, query, statements};
use crate::trouble::Tried;
use crate::write::{Verb, WorkingSet};

statements! {
    /// Sets what is set already, because only a row written is answered.
    KEEP = "
        INSERT INTO root (one, sealed)
        VALUES (1, $1)
        ON CONFLICT (one) DO UPDATE SET sealed = root.sealed
        RETURNING sealed";
    READ = "SELECT sealed FROM root WHERE one = 1";
    RESEAL = "UPDATE root SET sealed = $1 WHERE one = 1 AND sealed = $2";
    RETIRE = "
        INSERT INTO retired_keys (kid, sealed, ends_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (kid) DO UPDATE SET sealed = excluded.sealed, ends_at = excluded.ends_at";
    RETIRED = "SELECT kid, sealed, ends_at FROM retired_keys WHERE ends_at > $1 ORDER BY ends_at, kid";
}

/// When a key ends whose end is not known yet.
const OPEN: Timestamp = Timestamp::from_millis(i64::MAX);

struct Keep(Sealed);

#[async_trait]
impl Verb for Keep {
    const OP: &'static str = "sql.keep";
    type Answer = Sealed;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<Sealed> {
        let row = query(&KEEP).octets(self.0.as_bytes()).fetch_one(conn).await?;
        Ok(Sealed::from_bytes(row.octets("sealed")?))
    }
}

struct Reseal {
    seen: Sealed,
    anew: Sealed,
}

#[async_trait]
impl Verb for Reseal {
    const OP: &'static str = "sql.reseal_root";
    type Answer = bool;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<bool> {
        let query = query(&RESEAL).octets(self.anew.as_bytes()).octets(self.seen.as_bytes());
        Ok(query.execute(conn).await? > 0)
    }
}

struct Retire(RetiredKey);

#[async_trait]
impl Verb for Retire {
    const OP: &'static str = "sql.retire";
    type Answer = ();

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<()> {
        let RetiredKey { kid, sealed, until } = &self.0;
        let query = query(&RETIRE).bind(kid.as_u32()).octets(sealed.as_bytes());
        query.time(until.unwrap_or(OPEN)).execute(conn).await?;
        Ok(())
    }
}

impl SqlStore {
    /// The root there is, if any was kept yet. Changes nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn root(&self) -> Res<Option<Sealed>> {
        const OP: &str = "sql.root";
        let row = self.readers.one(OP, query(&READ)).await?;
        let sealed = row.map(|row| row.octets("sealed").map(Sealed::from_bytes)).transpose();
        sealed.map_err(|trouble| trouble.fault(OP))
    }
}

#[async_trait]
impl RootStore for SqlStore {
    async fn keep(&self, candidate: Sealed) -> Res<Sealed> {
        self.writer.run(Keep(candidate)).await
    }

    async fn reseal(&self, seen: &Sealed, anew: Sealed) -> Res<bool> {
        self.writer.run(Reseal { seen: seen.clone(), anew }).await
    }

    async fn retire(&self, key: RetiredKey) -> Res<()> {
        self.writer.run(Retire(key)).await
    }

    async fn retired(&self, now: Timestamp) -> Res<Vec<RetiredKey>> {
        const OP: &str = "sql.retired";
        let rows = self.readers.all(OP, query(&RETIRED).time(now)).await?;
        rows.iter().map(retired).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }
}

fn retired(row: &Row) -> Tried<RetiredKey> {
    Ok(RetiredKey {
        kid: Kid::from_u32(row.number("kid")?),
        sealed: Sealed::from_bytes(row.octets("sealed")?),
        until: Some(row.time("ends_at")?).filter(|until| *until != OPEN),
    })
}
