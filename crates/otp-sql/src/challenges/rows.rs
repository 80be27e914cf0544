//! The challenges of a batch.

use std::collections::{BTreeMap, BTreeSet};

use otp_core::challenge::{Challenge, Lookup, Purpose};
use otp_core::id::ChallengeId;
use otp_core::keys::{AddressKey, Kid, Sealed};
use otp_core::realm::Realm;
use otp_core::time::Timestamp;

use crate::sql::{Conn, Query, Row, Writes, statements};
use crate::trouble::Tried;
use crate::users::{self, Users, user_columns};

/// The columns of a challenge, so that [`read`] finds them.
macro_rules! challenge_columns {
    () => {
        "c.tenant, c.mode, c.id, c.purpose, c.address_key, c.address, c.note, c.kid, c.code_length, c.max_attempts,
         c.created_at, c.expires_at"
    };
}
pub(crate) use challenge_columns;

statements! {
    /// Of which addresses some challenges are.
    ADDRESSES(Text, Text, Text) = "
        SELECT c.tenant, c.mode, c.address_key, c.purpose
        FROM ({rows}) AS w
        JOIN challenges c ON c.tenant = w.column1 AND c.mode = w.column2 AND c.id = w.column3";
    /// What an attempt decides on: the live challenges of an address, and its user if it has one. All of
    /// them, since a right code closes all, and whoever closes has to hold them before.
    OF_ADDRESS(Text, Text, Octets, Text, Number) = concat!(
        "SELECT c.seq, c.mailed_at, c.spent_by_id, c.spent_by_address, ", challenge_columns!(), ", ", user_columns!(), "
        FROM ({rows}) AS w
        JOIN challenges c
          ON c.tenant = w.column1 AND c.mode = w.column2 AND c.address_key = w.column3 AND c.purpose = w.column4
         AND c.expires_at > w.column5
        LEFT JOIN users u ON u.tenant = c.tenant AND u.mode = c.mode AND u.address_key = c.address_key
        {postgres: ORDER BY c.seq FOR UPDATE OF c}"
    );
    OPEN(Text, Text, Text, Text, Octets, Octets, Octets, Number, Number, Number, Number, Number, Number) = "
        INSERT INTO challenges (tenant, mode, id, purpose, address_key, address, note, kid, code_length, max_attempts,
                                created_at, expires_at, mailed_at)
        {rows}";
    /// Passes over a challenge that was closed, or whose attempts were spent by somebody else.
    CHANGE(Number, Number, Number, Number) = "
        UPDATE challenges
        SET spent_by_id = w.column2, spent_by_address = w.column3, mailed_at = w.column4
        FROM ({rows}) AS w
        WHERE challenges.seq = w.column1
          AND challenges.spent_by_id <= w.column2 AND challenges.spent_by_address <= w.column3";
    CLOSE(Text, Text, Octets, Text) =
        "DELETE FROM challenges WHERE (tenant, mode, address_key, purpose) IN ({rows})";
}

/// The challenge of a row.
pub(crate) fn read(row: &Row) -> Tried<Challenge> {
    let note = row.octets("note")?;
    Ok(Challenge {
        id: row.text("id")?,
        realm: row.realm()?,
        purpose: row.text("purpose")?,
        address_key: AddressKey::from_bytes(row.hash("address_key")?),
        address: Sealed::from_bytes(row.octets("address")?),
        note: (!note.is_empty()).then(|| Sealed::from_bytes(note)),
        kid: Kid::from_u32(row.number("kid")?),
        code_length: row.number("code_length")?,
        max_attempts: row.number("max_attempts")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// All challenges a right code closes.
type Address = (Realm, AddressKey, Purpose);

/// A challenge that is open.
pub(super) struct Open {
    challenge: Challenge,
    seq: i64,
    /// When its code was last mailed.
    pub(super) mailed_at: Timestamp,
    /// Attempts spent by who knew its id.
    spent_by_id: u8,
    /// Attempts spent by who knew only the address.
    spent_by_address: u8,
    /// Whether it is to be written.
    changed: bool,
}

/// The challenges a batch looks at, opens and closes.
///
/// Those it opens are not looked at: who could know of them has not been answered yet, so he comes before.
#[derive(Default)]
pub(crate) struct Challenges {
    ids: BTreeSet<(Realm, ChallengeId)>,
    /// With the ids of those that are open, in any order.
    addresses: BTreeMap<Address, Vec<ChallengeId>>,
    /// The earliest time anybody looks at any of them.
    looked_at: Option<Timestamp>,
    open: BTreeMap<(Realm, ChallengeId), Open>,
    opened: Vec<(Challenge, Timestamp)>,
    closed: BTreeSet<Address>,
}

impl Challenges {
    /// Names a challenge a member will look at.
    pub(super) fn need(&mut self, realm: Realm, id: ChallengeId, now: Timestamp) {
        self.look_at(now);
        self.ids.insert((realm, id));
    }

    fn look_at(&mut self, now: Timestamp) {
        self.looked_at = Some(self.looked_at.map_or(now, |earlier| now.min(earlier)));
    }

    /// Names the challenges a member will look up.
    pub(super) fn need_all_of(&mut self, by: &Lookup, now: Timestamp) {
        self.look_at(now);
        match by {
            Lookup::Id { realm, id } => drop(self.ids.insert((*realm, *id))),
            Lookup::Address { realm, purpose, address_key } => {
                self.addresses.entry((*realm, *address_key, purpose.clone())).or_default();
            }
        }
    }

    /// The challenge of that id, if it is live.
    pub(super) fn live(&self, realm: Realm, id: ChallengeId, now: Timestamp) -> Option<&Open> {
        self.open.get(&(realm, id)).filter(|open| now < open.challenge.expires_at)
    }

    /// The address of the challenge of that id, if it is open.
    pub(crate) fn address_of(&self, realm: Realm, id: ChallengeId) -> Option<AddressKey> {
        self.open.get(&(realm, id)).map(|open| open.challenge.address_key)
    }

    /// The lane of a look-up, unless nothing of it is live: that of its newest challenge.
    pub(super) fn lane(&mut self, by: &Lookup, now: Timestamp) -> Option<Lane<'_>> {
        let (realm, paying) = match by {
            Lookup::Id { realm, id } => (*realm, *id),
            Lookup::Address { realm, purpose, address_key } => {
                let ids = self.addresses.get(&(*realm, *address_key, purpose.clone()))?;
                let live = ids.iter().filter_map(|id| self.live(*realm, *id, now));
                (*realm, live.max_by_key(|open| open.seq)?.challenge.id)
            }
        };
        let open = self.open.get_mut(&(realm, paying)).filter(|open| now < open.challenge.expires_at)?;
        let spent = match by {
            Lookup::Id { .. } => &mut open.spent_by_id,
            Lookup::Address { .. } => &mut open.spent_by_address,
        };
        Some(Lane { spent, changed: &mut open.changed, max: open.challenge.max_attempts })
    }

    /// Notes that the code was mailed again. Neither attempts nor end change.
    pub(super) fn resend(&mut self, realm: Realm, id: ChallengeId, now: Timestamp) {
        if let Some(open) = self.open.get_mut(&(realm, id)) {
            (open.mailed_at, open.changed) = (now, true);
        }
    }

    /// Adds one, after all that are there.
    pub(super) fn open(&mut self, challenge: Challenge, now: Timestamp) {
        self.opened.push((challenge, now));
    }

    /// Closes the challenge a right code belongs to, and every other of its address and purpose; unless
    /// it is dead by now, or not one of the look-up.
    pub(super) fn close(&mut self, by: &Lookup, matched: ChallengeId, now: Timestamp) -> Option<Challenge> {
        let (Lookup::Id { realm, .. } | Lookup::Address { realm, .. }) = by;
        let challenge = self.live(*realm, matched, now).filter(|open| is_of(by, &open.challenge))?.challenge.clone();
        let address = address_of(&challenge);
        for id in self.addresses.remove(&address).unwrap_or_default() {
            self.open.remove(&(*realm, id));
        }
        self.closed.insert(address);
        Some(challenge)
    }

    /// Reads the challenges needed, and who their users are.
    pub(crate) async fn load(&mut self, conn: &mut Conn, users: &mut Users) -> Tried<()> {
        let ids: Vec<_> = self.ids.iter().collect();
        for row in ADDRESSES.fetch(conn, &ids, |query, (realm, id)| query.realm(*realm).text(id)).await? {
            let address_key = AddressKey::from_bytes(row.hash("address_key")?);
            self.addresses.entry((row.realm()?, address_key, row.text("purpose")?)).or_default();
        }
        let addresses: Vec<_> = self.addresses.keys().cloned().collect();
        // Those expired by then are nobody's any more, and may be many.
        let Some(now) = self.looked_at else { return Ok(()) };
        let rows = OF_ADDRESS.fetch(conn, &addresses, |query, address| bind_address(query, address).time(now));
        for row in rows.await? {
            let challenge = read(&row)?;
            if let Some(user) = users::read(&row, challenge.realm)? {
                users.know(user);
            }
            let open = Open {
                seq: row.number("seq")?,
                mailed_at: row.time("mailed_at")?,
                spent_by_id: row.number("spent_by_id")?,
                spent_by_address: row.number("spent_by_address")?,
                changed: false,
                challenge,
            };
            self.addresses.entry(address_of(&open.challenge)).or_default().push(open.challenge.id);
            self.open.insert((open.challenge.realm, open.challenge.id), open);
        }
        Ok(())
    }

    /// Has written what was changed, closed and opened; in this order, for a new challenge is none of those
    /// a code of the same batch has closed.
    pub(crate) fn store(&self, writes: &mut Writes) {
        let changed: Vec<_> = self.open.values().filter(|open| open.changed).collect();
        writes.add(&CHANGE, &changed, |query, open| {
            query.bind(open.seq).bind(open.spent_by_id).bind(open.spent_by_address).time(open.mailed_at)
        });
        let closed: Vec<_> = self.closed.iter().collect();
        writes.add(&CLOSE, &closed, |query, address| bind_address(query, address));
        writes.add(&OPEN, &self.opened, |query, (challenge, mailed_at)| {
            let query = query.realm(challenge.realm).text(challenge.id).text(&challenge.purpose);
            let query = query.octets(challenge.address_key.as_bytes()).octets(challenge.address.as_bytes());
            let query = query.octets(challenge.note.as_ref().map(Sealed::as_bytes).unwrap_or_default());
            let query = query.bind(challenge.kid.as_u32()).bind(challenge.code_length).bind(challenge.max_attempts);
            query.time(challenge.created_at).time(challenge.expires_at).time(*mailed_at)
        });
    }
}

/// The attempts one look-up pays with: one of the two counters of one challenge.
pub(super) struct Lane<'a> {
    spent: &'a mut u8,
    changed: &'a mut bool,
    max: u8,
}

impl Lane<'_> {
    /// Attempts left.
    pub(super) const fn left(&self) -> u8 {
        self.max.saturating_sub(*self.spent)
    }

    /// Spends one; answers what is left then.
    pub(super) const fn spend(&mut self) -> u8 {
        *self.spent = self.spent.saturating_add(1);
        *self.changed = true;
        self.left()
    }
}

fn bind_address(query: Query, (realm, address_key, purpose): &Address) -> Query {
    query.realm(*realm).octets(address_key.as_bytes()).text(purpose)
}

fn address_of(challenge: &Challenge) -> Address {
    (challenge.realm, challenge.address_key, challenge.purpose.clone())
}

/// Whether `challenge` answers to that look-up. Not asked: whether it is among the newest three still,
/// for it was when its code was compared.
fn is_of(by: &Lookup, challenge: &Challenge) -> bool {
    match by {
        Lookup::Id { realm, id } => challenge.realm == *realm && challenge.id == *id,
        Lookup::Address { realm, purpose, address_key } => {
            challenge.realm == *realm && challenge.purpose == *purpose && challenge.address_key == *address_key
        }
    }
}
