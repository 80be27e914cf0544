//! `otp-server secret`: the master key.

use otp_core::keys::MasterKey;
use otp_core::system::SystemEntropy;
use otp_wire::process::Failure;

use crate::cli::SecretCommand;
use crate::output;

/// Prints a fresh key.
pub(crate) fn run(command: &SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Generate => output::line(MasterKey::generate(&SystemEntropy::default())?.to_base64()),
    }
}
