//! `otp-server secret`: the master key.

use otp_core::keys::MasterKey;
use otp_core::system::SystemEntropy;
use otp_wire::process::Failure;
use serde_json::json;

use crate::cli::SecretCommand;
use crate::output;

/// Prints a fresh key.
pub(crate) fn run(command: &SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Generate { json } => {
            let key = MasterKey::generate(&SystemEntropy::default())?.to_base64();
            if *json { output::line(json!({ "secretKey": key })) } else { output::line(key) }
        }
    }
}
