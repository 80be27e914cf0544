//! `otp-server customer`: tenants.

use otp_core::email::EmailAddress;
use otp_core::tenant::{Tenant, TenantStatus};
use otp_core::tenants::{NewTenant, Registered};
use otp_wire::process::{Failure, SettingArgs};
use serde_json::json;

use super::key::customer_id;
use super::{CLI, Session, print};
use crate::cli::CustomerCommand;
use crate::output;

/// Registers, lists, suspends and activates customers.
pub(crate) async fn run(settings: &SettingArgs, command: &CustomerCommand) -> Result<(), Failure> {
    let session = Session::open(settings).await?;
    let done = act(&session, command).await;
    session.close().await;
    done
}

async fn act(session: &Session, command: &CustomerCommand) -> Result<(), Failure> {
    match command {
        CustomerCommand::Create { name, email, company_name, plan, json } => {
            let owner = EmailAddress::parse(email).map_err(|error| Failure::Failed(error.to_string()))?;
            let plan = plan.clone().unwrap_or_else(|| session.config.default_plan.clone());
            let new = NewTenant { name: name.clone(), owner, company_name: company_name.clone(), plan };
            let Registered { tenant, key } = session.tenants.register(new, &CLI, None).await?;
            print(
                *json,
                &[
                    ("customerId", &tenant.id),
                    ("plan", &tenant.plan),
                    ("keyId", &key.record.id),
                    ("apiKey", &key.key.expose()),
                ],
            )
        }
        CustomerCommand::List { json } => session.each_customer(async |tenant| show(tenant, *json)).await,
        CustomerCommand::Suspend { customer, reason } => {
            set(session, customer, TenantStatus::Suspended, reason.as_deref()).await
        }
        CustomerCommand::Activate { customer, reason } => {
            set(session, customer, TenantStatus::Active, reason.as_deref()).await
        }
    }
}

async fn set(session: &Session, customer: &str, status: TenantStatus, reason: Option<&str>) -> Result<(), Failure> {
    session.tenants.set_status(customer_id(customer)?, status, reason, &CLI, None).await?;
    output::line(status.as_str())
}

/// One customer: a JSON object a line, or columns.
fn show(tenant: &Tenant, json: bool) -> Result<(), Failure> {
    let owner = tenant.owner.as_ref().map(EmailAddress::canonical);
    if json {
        output::line(json!({
            "customerId": tenant.id.to_string(), "name": tenant.name, "email": owner, "companyName": tenant.company_name,
            "plan": tenant.plan, "status": tenant.status, "createdAt": tenant.created_at.to_string(),
        }))
    } else {
        output::line(format_args!(
            "{}  {:<9} {:<10} {}  {}",
            tenant.id,
            tenant.status.as_str(),
            tenant.plan,
            tenant.name,
            owner.unwrap_or("-")
        ))
    }
}
