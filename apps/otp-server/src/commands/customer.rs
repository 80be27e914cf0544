//! `otp-server customer`: tenants.

use otp_core::email::EmailAddress;
use otp_core::tenants::{NewTenant, Registered};
use otp_wire::process::{Failure, SettingArgs};

use super::{CLI, Session, print};
use crate::cli::CustomerCommand;

/// Registers a customer.
pub(crate) async fn run(settings: &SettingArgs, command: &CustomerCommand) -> Result<(), Failure> {
    let CustomerCommand::Create { name, email, company_name, plan, json } = command;
    let owner = EmailAddress::parse(email).map_err(|error| Failure::Failed(error.to_string()))?;
    let session = Session::open(settings).await?;
    let plan = plan.clone().unwrap_or_else(|| session.config.default_plan.clone());
    let new = NewTenant { name: name.clone(), owner, company_name: company_name.clone(), plan };
    let registered = session.tenants.register(new, &CLI).await;
    let done = registered.map_err(Failure::from).and_then(|Registered { tenant, key }| {
        print(
            *json,
            &[
                ("customerId", &tenant.id),
                ("plan", &tenant.plan),
                ("keyId", &key.record.id),
                ("apiKey", &key.key.expose()),
            ],
        )
    });
    session.close().await;
    done
}
