//! Room for users: how many a realm has, and whether there may be one more.

use std::collections::BTreeMap;

use otp_core::realm::Realm;

use crate::sql::{Conn, Query, Writes, query, statements};
use crate::trouble::Tried;

statements! {
    USERS = "SELECT users FROM user_counts WHERE tenant = $1 AND mode = $2";
    /// How many some realms have, to be decided on.
    HELD(Text, Text) = "
        SELECT c.tenant, c.mode, c.users
        FROM ({rows}) AS w
        JOIN user_counts c ON c.tenant = w.column1 AND c.mode = w.column2
        {postgres: ORDER BY c.tenant, c.mode FOR UPDATE OF c}";
    /// So that there is a row to hold; there may be one by now.
    NONE_YET(Text, Text, Number) = "
        INSERT INTO user_counts (tenant, mode, users)
        {rows}
        ON CONFLICT (tenant, mode) DO NOTHING";
    MORE(Text, Text, Number) = "
        INSERT INTO user_counts (tenant, mode, users)
        {rows}
        ON CONFLICT (tenant, mode) DO UPDATE SET users = user_counts.users + excluded.users";
}

/// Asks how many users a realm has; one that never had any has no row.
pub(crate) fn users(realm: Realm) -> Query {
    query(&USERS).realm(realm)
}

/// The users a batch adds, and how many there were where that decides.
#[derive(Default)]
pub(crate) struct Room {
    held: BTreeMap<Realm, i64>,
    added: BTreeMap<Realm, i64>,
}

impl Room {
    /// Reads how many users `realms` have. Nobody else adds to those until the batch is written.
    pub(crate) async fn hold(&mut self, conn: &mut Conn, realms: &[Realm]) -> Tried<()> {
        self.read(conn, realms).await?;
        if self.held.len() < realms.len() {
            NONE_YET.fetch(conn, realms, |query, realm| query.realm(*realm).bind(0i64)).await?;
            self.read(conn, realms).await?;
        }
        Ok(())
    }

    async fn read(&mut self, conn: &mut Conn, realms: &[Realm]) -> Tried<()> {
        for row in HELD.fetch(conn, realms, |query, realm| query.realm(*realm)).await? {
            self.held.insert(row.realm()?, row.number("users")?);
        }
        Ok(())
    }

    /// Adds a user, if there may be as many: any number, where there is no `max`; none, where it was not read.
    pub(crate) fn add(&mut self, realm: Realm, max: Option<u32>) -> bool {
        let added = self.added.entry(realm).or_default();
        let fits = |max| self.held.get(&realm).is_some_and(|held| held + *added < i64::from(max));
        let fits = max.is_none_or(fits);
        *added += i64::from(fits);
        fits
    }

    /// Has those written that were added. Where nothing bounds them, that is all anybody waits for.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let added: Vec<_> = self.added.iter().filter(|(_, added)| **added > 0).collect();
        writes.add(&MORE, &added, |query, (realm, added)| query.realm(**realm).bind(**added));
    }
}
