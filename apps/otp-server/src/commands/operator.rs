//! `otp-server operator`: who runs the service.

use otp_core::id::TenantId;
use otp_wire::process::{Failure, SettingArgs};

use super::{CLI, Session, key};
use crate::cli::OperatorCommand;
use crate::output;

/// Makes an operator key.
pub(crate) async fn run(settings: &SettingArgs, command: &OperatorCommand) -> Result<(), Failure> {
    let OperatorCommand::Create { name, json } = command;
    output::require_reader()?;
    let session = Session::open(settings).await?;
    let done = session
        .tenants
        .create_operator(name, &CLI)
        .await
        .map_err(Failure::from)
        .and_then(|made| key::shown(*json, TenantId::SERVICE, &made, &[]));
    session.close().await;
    done
}
