//! `otp-server key`: API keys of a customer.

use std::time::Duration;

use otp_core::api_key::{KeyKind, KeyRecord, KeyStatus};
use otp_core::id::{KeyId, TenantId};
use otp_core::port::Clock;
use otp_core::realm::Mode;
use otp_core::system::SystemClock;
use otp_core::tenants::{KeyError, KeySpec, NewKey, Rotated};
use otp_core::time::Timestamp;
use otp_wire::process::{Failure, SettingArgs};
use serde_json::{Value, json};

use super::{CLI, Session};
use crate::cli::{KeyCommand, Kind};
use crate::output;

/// Makes, lists or takes back keys.
pub(crate) async fn run(settings: &SettingArgs, command: &KeyCommand) -> Result<(), Failure> {
    if let KeyCommand::Create { .. } | KeyCommand::Rotate { .. } = command {
        output::require_reader()?;
    }
    let session = Session::open(settings).await?;
    let done = act(&session, command).await;
    session.close().await;
    done
}

async fn act(session: &Session, command: &KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create { customer, name, kind, test, json } => {
            let kind = match kind {
                Kind::Secret => KeyKind::Secret,
                Kind::Publishable => KeyKind::Publishable,
            };
            let mode = if *test { Mode::Test } else { Mode::Live };
            let spec = KeySpec { kind, mode, ..KeySpec::secret(name.as_str()) };
            let customer = customer_id(customer)?;
            let made = session.tenants.create_key(customer, spec, &CLI, None).await?;
            shown(*json, customer, &made, &[])?;
        }
        KeyCommand::Rotate { customer, key, grace_seconds, json } => {
            let grace = Duration::from_secs(*grace_seconds);
            let customer = customer_id(customer)?;
            let rotated = session.tenants.rotate_key(customer, key_id(key)?, grace, &CLI, None).await?;
            let Rotated { new, old_expires_at, .. } = rotated;
            shown(*json, customer, &new, &[("oldKeyExpiresAt", old_expires_at.to_string().into())])?;
        }
        KeyCommand::List { customer, json } => {
            let now = SystemClock.now();
            for (key, used) in session.tenants.keys(customer_id(customer)?).await? {
                list(&key, used, now, *json)?;
            }
        }
        KeyCommand::Revoke { customer, key, json } => {
            let id = key_id(key)?;
            session.tenants.revoke_key(customer_id(customer)?, id, true, &CLI).await?;
            match json {
                true => output::line(json!({ "keyId": id.to_string(), "status": "revoked" }))?,
                false => output::line("revoked")?,
            }
        }
    }
    Ok(())
}

/// A key of `customer` as it is shown once, and what else there is to say.
pub(super) fn shown(json: bool, customer: TenantId, made: &NewKey, more: &[(&str, Value)]) -> Result<(), Failure> {
    let key = [("keyId", made.record.id.to_string().into()), ("apiKey", made.key.expose().into())];
    output::members(json, &[&key, more].concat()).map_err(|failure| lost(customer, made, &failure))
}

/// A key was made that nobody has got: it is said how it is taken back, lest it work on unseen.
pub(super) fn lost(customer: TenantId, made: &NewKey, failure: &Failure) -> Failure {
    let key = made.record.id;
    Failure::Failed(format!(
        "{}; a key was made that nobody has got: take it back with `otp-server key revoke {customer} {key}`",
        failure.text()
    ))
}

/// One key: a JSON object a line, or columns.
fn list(key: &KeyRecord, used: Option<Timestamp>, now: Timestamp, json: bool) -> Result<(), Failure> {
    let status = match key.status(now) {
        KeyStatus::Active => "active",
        KeyStatus::Rotating => "rotating",
        KeyStatus::Expired => "expired",
        KeyStatus::Revoked => "revoked",
    };
    let shown = format!("{}…{}", key.kind.prefix(key.mode), key.last4);
    let used = used.map(|at| at.to_string());
    if json {
        let used = used.map_or(Value::Null, Value::String);
        output::line(json!({
            "keyId": key.id.to_string(), "name": key.name, "kind": key.kind, "mode": key.mode, "prefix": key.kind.prefix(key.mode),
            "last4": key.last4, "status": status, "createdAt": key.created_at.to_string(), "lastUsedAt": used,
        }))
    } else {
        output::line(format_args!(
            "{}  {:<8} {:<20} {}  made {}  used {}",
            key.id,
            status,
            shown,
            key.name,
            key.created_at,
            used.as_deref().unwrap_or("never")
        ))
    }
}

fn key_id(text: &str) -> Result<KeyId, KeyError> {
    text.parse().map_err(|_| KeyError::NotFound)
}

pub(super) fn customer_id(text: &str) -> Result<TenantId, KeyError> {
    text.parse().map_err(|_| KeyError::NotFound)
}
