//! Users: found or made by a sign-in.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use otp_core::challenge::Challenge;
use otp_core::fault::Res;
use otp_core::id::{ChallengeId, UserId};
use otp_core::keys::{AddressKey, Sealed};
use otp_core::port::{Resealed, UserCursor, UserStore};
use otp_core::realm::Realm;
use otp_core::session::{Session, SignIn};
use otp_core::time::Timestamp;
use otp_core::user::User;

use crate::SqlStore;
use crate::challenges::Challenges;
use crate::room::Room;
use crate::sessions;
use crate::sql::{AFTER_EVERY_ID, Conn, Query, Row, Writes, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    OF_ADDRESSES(Text, Text, Octets) = concat!(
        "SELECT u.tenant, u.mode, ", user_columns!(), "
        FROM ({rows}) AS w
        JOIN users u ON u.tenant = w.column1 AND u.mode = w.column2 AND u.address_key = w.column3"
    );
    PAGE = concat!(
        "SELECT u.tenant, u.mode, ", user_columns!(), "
        FROM users u
        WHERE u.tenant = $1 AND u.mode = $2 AND (u.created_at, u.id) < ($3, $4)
        ORDER BY u.created_at DESC, u.id DESC
        LIMIT $5"
    );
    BY_ID = concat!(
        "SELECT u.tenant, u.mode, ", user_columns!(), " FROM users u WHERE u.tenant = $1 AND u.mode = $2 AND u.id = $3"
    );
    BY_ADDRESS = concat!(
        "SELECT u.tenant, u.mode, ", user_columns!(), "
        FROM users u
        WHERE u.tenant = $1 AND u.mode = $2 AND u.address_key = $3"
    );
    /// Passes over a row whose address has another user by now.
    SIGN_IN(Text, Text, Octets, Text, Octets, Number, Number) = "
        INSERT INTO users (tenant, mode, address_key, id, address, created_at, last_login_at)
        {rows}
        ON CONFLICT (tenant, mode, address_key) DO UPDATE SET last_login_at = excluded.last_login_at
        WHERE users.id = excluded.id";
    RESEAL(Text, Text, Text, Octets, Octets) = "
        UPDATE users
        SET address = w.column5
        FROM ({rows}) AS w
        WHERE users.tenant = w.column1 AND users.mode = w.column2 AND users.id = w.column3 AND users.address = w.column4";
}

#[async_trait]
impl UserStore for SqlStore {
    async fn page(&self, realm: Realm, after: Option<UserCursor>, max: usize) -> Res<Vec<User>> {
        const OP: &str = "sql.users";
        let query = query(&PAGE).realm(realm);
        let query = match after {
            Some(last) => query.time(last.created_at).text(last.id),
            None => query.bind(i64::MAX).bind(AFTER_EVERY_ID),
        };
        let rows = self.readers.all(OP, query.count(max)).await?;
        rows.iter().map(whole).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn by_id(&self, realm: Realm, id: UserId) -> Res<Option<User>> {
        const OP: &str = "sql.user";
        let row = self.readers.one(OP, query(&BY_ID).realm(realm).text(id)).await?;
        row.as_ref().map(whole).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn by_address(&self, realm: Realm, address: AddressKey) -> Res<Option<User>> {
        const OP: &str = "sql.user_of_address";
        let row = self.readers.one(OP, query(&BY_ADDRESS).realm(realm).octets(address.as_bytes())).await?;
        row.as_ref().map(whole).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn sessions(&self, realm: Realm, user: UserId, now: Timestamp) -> Res<Vec<Session>> {
        const OP: &str = "sql.sessions_of_user";
        let rows = self.readers.all(OP, sessions::of_user(realm, user, now)).await?;
        rows.iter().map(sessions::read_session).collect::<Tried<_>>().map_err(|trouble| trouble.fault(OP))
    }

    async fn reseal(&self, realm: Realm, addresses: Vec<Resealed>) -> Res<u64> {
        self.writer.run(Reseal { realm, addresses }).await
    }
}

/// Puts addresses sealed anew in place of those that were seen.
struct Reseal {
    realm: Realm,
    addresses: Vec<Resealed>,
}

#[async_trait]
impl Verb for Reseal {
    const OP: &'static str = "sql.reseal_users";
    /// It writes rows that others of a batch may have read.
    const ALONE: bool = true;
    type Answer = u64;

    async fn run(&self, conn: &mut Conn, _: &mut WorkingSet) -> Tried<u64> {
        let bind = |query: Query, address: &Resealed| {
            let query = query.realm(self.realm).text(address.user);
            query.octets(address.seen.as_bytes()).octets(address.anew.as_bytes())
        };
        let mut replaced = 0;
        for (query, _) in RESEAL.queries(conn.engine(), &self.addresses, bind) {
            replaced += query.execute(conn).await?;
        }
        Ok(replaced)
    }
}

/// The user of a row that is his alone.
fn whole(row: &Row) -> Tried<User> {
    read(row, row.realm()?)?.ok_or_else(|| Trouble::unreadable("user_id"))
}

/// The columns of a user in a row that holds other things too, so that [`read`] finds them.
macro_rules! user_columns {
    () => {
        "u.id AS user_id, u.address AS user_address, u.address_key AS user_address_key,
         u.created_at AS user_created_at, u.last_login_at AS user_last_login_at"
    };
}
pub(crate) use user_columns;

/// The user of a row, if it has one.
pub(crate) fn read(row: &Row, realm: Realm) -> Tried<Option<User>> {
    if row.is_null("user_id")? {
        return Ok(None);
    }
    Ok(Some(User {
        id: row.text("user_id")?,
        realm,
        address_key: AddressKey::from_bytes(row.hash("user_address_key")?),
        address: Sealed::from_bytes(row.octets("user_address")?),
        created_at: row.time("user_created_at")?,
        last_login_at: row.time("user_last_login_at")?,
    }))
}

/// The users whose challenges a batch holds.
#[derive(Default)]
pub(crate) struct Users {
    known: BTreeMap<(Realm, AddressKey), User>,
    signed_in: BTreeSet<(Realm, AddressKey)>,
    /// The challenges whose right codes may make a user of a realm that is to have no more than so many.
    bounded: BTreeSet<(Realm, ChallengeId)>,
    room: Room,
}

impl Users {
    /// Adds a user who was read.
    pub(crate) fn know(&mut self, user: User) {
        self.known.insert((user.realm, user.address_key), user);
    }

    /// Names a challenge whose right code may make a user where there may be no room for one.
    pub(crate) fn need_room(&mut self, realm: Realm, matched: ChallengeId) {
        self.bounded.insert((realm, matched));
    }

    /// Reads how many users there are, where that may decide: of realms whose users are bounded, if somebody
    /// unknown is at the door. Those known do not wait for each other.
    pub(crate) async fn load(&mut self, conn: &mut Conn, challenges: &Challenges) -> Tried<()> {
        let addresses =
            self.bounded.iter().filter_map(|(realm, id)| Some((*realm, challenges.address_of(*realm, *id)?)));
        let unknown: BTreeSet<_> = addresses.filter(|address| !self.known.contains_key(address)).collect();
        let realms: BTreeSet<Realm> = unknown.iter().map(|(realm, _)| *realm).collect();
        self.room.hold(conn, &realms.into_iter().collect::<Vec<_>>()).await?;
        if !conn.engine().locks_rows() {
            return Ok(());
        }
        // Whoever took the last room while we waited for that number may be one of these.
        let unknown: Vec<_> = unknown.into_iter().collect();
        let bind = |query: Query, (realm, key): &(Realm, AddressKey)| query.realm(*realm).octets(key.as_bytes());
        for row in OF_ADDRESSES.fetch(conn, &unknown, bind).await? {
            if let Some(user) = read(&row, row.realm()?)? {
                self.know(user);
            }
        }
        Ok(())
    }

    /// Signs in the user of the challenge's address, and whether it is for the first time; nobody, if there
    /// is no room for one more. A returning user keeps the address he first verified.
    pub(crate) fn sign_in(&mut self, challenge: &Challenge, sign_in: &SignIn, now: Timestamp) -> Option<(User, bool)> {
        let (realm, address_key) = (challenge.realm, challenge.address_key);
        let (user, is_new) = match self.known.get_mut(&(realm, address_key)) {
            Some(user) => {
                user.last_login_at = now;
                (user.clone(), false)
            }
            None if self.room.add(realm, sign_in.max_users) => {
                let user = sign_in.create(realm, address_key, now);
                self.know(user.clone());
                (user, true)
            }
            None => return None,
        };
        self.signed_in.insert((realm, address_key));
        Some((user, is_new))
    }

    /// Has those written who signed in.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let users: Vec<_> = self.signed_in.iter().filter_map(|key| self.known.get(key)).collect();
        writes.add(&SIGN_IN, &users, |query, user| {
            let query = query.realm(user.realm).octets(user.address_key.as_bytes()).text(user.id);
            query.octets(user.address.as_bytes()).time(user.created_at).time(user.last_login_at)
        });
    }

    /// Has it written how many more there are.
    pub(crate) fn count(&self, writes: &mut Writes) {
        self.room.store(writes);
    }
}
