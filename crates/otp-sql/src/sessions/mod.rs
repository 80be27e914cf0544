//! Sessions, from sign-in to their end.

mod revoke;
mod rotate;
mod rows;

pub(crate) use rows::{NewSessions, of_user, read_session};

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::id::SessionId;
use otp_core::port::{Revocation, Rotated, Rotation, SessionStore};
use otp_core::realm::Realm;
use otp_core::session::LiveSession;
use otp_core::time::Timestamp;

use crate::SqlStore;

#[async_trait]
impl SessionStore for SqlStore {
    async fn live(&self, realm: Realm, session: SessionId, now: Timestamp) -> Res<Option<LiveSession>> {
        const OP: &str = "sql.live_session";
        let row = self.readers.one(OP, rows::live(realm, session, now)).await?;
        row.as_ref().map(rows::read).transpose().map_err(|trouble| trouble.fault(OP))
    }

    async fn rotate(&self, rotation: Rotation, now: Timestamp) -> Res<Rotated> {
        self.writer.run(rotate::Rotate { rotation, now }).await
    }

    async fn revoke(&self, revocation: Revocation, now: Timestamp) -> Res<u64> {
        self.writer.run(revoke::Revoke { revocation, now }).await
    }
}

/// The statements of this folder.
#[cfg(test)]
pub(crate) fn all_statements(engine: crate::sql::Engine) -> Vec<&'static str> {
    [rows::statements(engine), rotate::statements(engine), revoke::statements(engine)].concat()
}
