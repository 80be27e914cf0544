//! A session moves to its next generation.

use async_trait::async_trait;
use otp_core::port::{Rotated, Rotation};
use otp_core::time::Timestamp;

use super::rows;
use crate::sql::{Conn, query, statements};
use crate::trouble::{Tried, Trouble};
use crate::write::{Verb, WorkingSet};

statements! {
    ADVANCE = "
        UPDATE sessions
        SET generation = $5, last_used_at = $6, idle_expires_at = $7, ends_at = $8
        WHERE tenant = $1 AND mode = $2 AND id = $3 AND generation = $4";
    END = "DELETE FROM sessions WHERE tenant = $1 AND mode = $2 AND id = $3";
}

/// Replaces a token.
pub(super) struct Rotate {
    pub(super) rotation: Rotation,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Verb for Rotate {
    const OP: &'static str = "sql.rotate";
    type Answer = Rotated;

    fn needs(&self, set: &mut WorkingSet) {
        set.limits.need_for(&self.rotation.rotated);
        set.limits.need_for(&self.rotation.reused);
    }

    async fn run(&self, conn: &mut Conn, set: &mut WorkingSet) -> Tried<Rotated> {
        let Self { rotation, now } = self;
        let (realm, id) = (rotation.realm, rotation.session);
        let row = rows::live_to_change(realm, id, *now).fetch_optional(conn).await?;
        let Some(mut live) = row.as_ref().map(rows::read).transpose()? else { return Ok(Rotated::Gone) };
        let present = live.session.generation;
        if rotation.generation == present {
            live.session.generation = present.saturating_add(1);
            live.session.last_used_at = *now;
            live.session.idle_expires_at = now.plus(rotation.idle);
            let session = &live.session;
            let advance = query(&ADVANCE).realm(realm).text(id).bind(present).bind(session.generation);
            let advance = advance.time(session.last_used_at).time(session.idle_expires_at).time(session.ends_at());
            if advance.execute(conn).await? == 0 {
                return Err(Trouble::conflict());
            }
            set.apply(&rotation.rotated, *now)?;
            return Ok(Rotated::Rotated(Box::new(live)));
        }
        // A generation still to come was never issued; it says nothing about the session.
        let Some(grace) = rotation.grace.filter(|_| rotation.generation < present) else { return Ok(Rotated::Gone) };
        // Had the present token been used, there would be a later one: one generation back means unused.
        let is_last = rotation.generation + 1 == present;
        if is_last && *now <= live.session.last_used_at.plus(grace) {
            return Ok(Rotated::Replay(Box::new(live)));
        }
        query(&END).realm(realm).text(id).execute(conn).await?;
        set.apply(&rotation.reused, *now)?;
        Ok(Rotated::Reused)
    }
}
