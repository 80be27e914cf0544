//! Challenges are read.

use otp_core::challenge::{Challenge, Lookup, SIDE_BY_SIDE};
use otp_core::fault::{Fault, Res};
use otp_core::time::Timestamp;
use serde::de::DeserializeOwned;

use crate::server::Server;

/// The live challenges of a look-up, newest first.
pub(super) async fn live(server: &Server, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>> {
    const OP: &str = "redis.live";
    let keys = match by {
        Lookup::Id { realm, id } => vec![server.keys.challenge(*realm, *id)],
        Lookup::Address { realm, purpose, address_key } => {
            let mut newest = redis::cmd("ZREVRANGE");
            newest.arg(server.keys.address(*realm, address_key, purpose)).arg(0).arg(-1);
            server.link.ask::<Vec<String>>(OP, &newest).await?
        }
    };
    let mut live = Vec::new();
    for key in keys {
        let mut get = redis::cmd("HGET");
        get.arg(key).arg("doc");
        let Some(document) = server.link.ask::<Option<String>>(OP, &get).await? else { continue };
        let challenge: Challenge = parse(OP, &document)?;
        if now < challenge.expires_at {
            live.push(challenge);
        }
        if live.len() == SIDE_BY_SIDE {
            break;
        }
    }
    Ok(live)
}

/// A document, as it was written.
pub(super) fn parse<T: DeserializeOwned>(op: &'static str, document: &str) -> Res<T> {
    // The error is dropped: serde_json quotes what it could not read.
    serde_json::from_str(document).map_err(|_| Fault::corrupt(op, "a document does not read back"))
}
