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

async fn rotate(session: &Session, json: bool) -> Result<(), Failure> {
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
