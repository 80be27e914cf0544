//! `otp-server secret`: the master key.

use otp_core::keys::MasterKey;
use otp_core::rotation::{KeyRotation, Renewed};
use otp_core::system::SystemEntropy;
use otp_wire::process::{Failure, SettingArgs};
use serde_json::{Value, json};

use super::Session;
use crate::cli::SecretCommand;
use crate::output::{self, Progress};

/// Makes a fresh key, or has one take the place of another.
pub(crate) async fn run(settings: &SettingArgs, command: &SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Generate { json } => {
            output::require_reader()?;
            let key = MasterKey::generate(&SystemEntropy::default())?.to_base64();
            if *json { output::line(json!({ "secretKey": key })) } else { output::line(key) }
        }
        SecretCommand::Rotate { json } => {
            let session = Session::open(settings).await?;
            let done = rotate(&session, *json).await;
            session.close().await;
            done
        }
    }
}

/// Fails where nothing has taken the place of anything: it would look as if it had. A rotation that was cut off has
/// retired the key before already, without an end, and goes on without being told it.
async fn require_replaced(session: &Session) -> Result<(), Failure> {
    let (deployment, previous) = (&session.deployment, session.config.secret_key_previous.as_ref());
    let current = deployment.keys().kid();
    if previous.is_some_and(|previous| previous.kid() != current) {
        return Ok(());
    }
    let retired = deployment.stores().roots.retired(deployment.now()).await?;
    if retired.iter().any(|key| key.kid != current && key.until.is_none()) {
        return Ok(());
    }
    let is = if previous.is_some() { "OTP_SECRET_KEY itself" } else { "not set" };
    Err(Failure::Configuration(format!(
        "OTP_SECRET_KEY_PREVIOUS is {is}: there is nothing to replace. Set OTP_SECRET_KEY to the new key, and it to the one \
         in force so far"
    )))
}

async fn rotate(session: &Session, json: bool) -> Result<(), Failure> {
    require_replaced(session).await?;
    let mut progress = Progress::on_stderr();
    let rotation = KeyRotation::new(session.deployment.clone());
    let renewed =
        rotation.run(|so_far| progress.show(format_args!("{} users, {} customers", so_far.users, so_far.tenants)));
    let Renewed { root, tenants, configurations, users, unreadable, retired } = renewed.await?;
    progress.hide();
    let old = retired.iter().map(|(kid, until)| json!({ "key": kid.to_string(), "until": until.to_string() }));
    let shown = [
        ("key", session.deployment.keys().kid().to_string().into()),
        ("root", root.into()),
        ("customers", tenants.into()),
        ("configurations", configurations.into()),
        ("users", users.into()),
        ("unreadable", unreadable.iter().map(ToString::to_string).collect()),
        ("oldKeys", Value::Array(old.collect())),
    ];
    output::members(json, &shown)?;
    if unreadable.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "the addresses of {} users are sealed under a key that is not at hand: with that as OTP_SECRET_KEY_PREVIOUS, run this again",
        unreadable.len()
    )))
}
