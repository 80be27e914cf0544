//! `otp-server customer`: tenants.

use otp_core::email::EmailAddress;
use otp_core::plan::Plans;
use otp_core::tenant::{Tenant, TenantStatus};
use otp_core::tenants::{NewTenant, Registered};
use otp_wire::process::{Failure, SettingArgs};
use serde_json::json;

use super::key::{customer_id, lost};
use super::{CLI, Session};
use crate::cli::CustomerCommand;
use crate::output;

/// Registers, lists, suspends and activates customers.
pub(crate) async fn run(settings: &SettingArgs, command: &CustomerCommand) -> Result<(), Failure> {
    if let CustomerCommand::Create { .. } = command {
        output::require_reader()?;
    }
    let session = Session::open(settings).await?;
    let done = act(&session, command).await;
    session.close().await;
    done
}

async fn act(session: &Session, command: &CustomerCommand) -> Result<(), Failure> {
    match command {
        CustomerCommand::Create { name, email, company_name, plan, json } => {
            let plan = plan.clone().unwrap_or_else(|| session.config.default_plan.clone());
            require_plan(&session.config.plans, &plan)?;
            let new = NewTenant { name: name.clone(), owner: email.clone(), company_name: company_name.clone(), plan };
            let Registered { tenant, key } = session.tenants.register(new, &CLI, None).await?;
            let shown = [
                ("customerId", tenant.id.to_string().into()),
                ("plan", tenant.plan.into()),
                ("keyId", key.record.id.to_string().into()),
                ("apiKey", key.key.expose().into()),
            ];
            output::members(*json, &shown).map_err(|failure| lost(tenant.id, &key, &failure))
        }
        CustomerCommand::List { json } => session.each_customer(async |tenant| show(tenant, *json)).await,
        CustomerCommand::Suspend { customer, reason, json } => {
            set(session, customer, TenantStatus::Suspended, reason.as_deref(), *json).await
        }
        CustomerCommand::Activate { customer, reason, json } => {
            set(session, customer, TenantStatus::Active, reason.as_deref(), *json).await
        }
    }
}

/// Which plans there are, the configuration says.
fn require_plan(plans: &Plans, name: &str) -> Result<(), Failure> {
    if plans.get(name).is_some() {
        return Ok(());
    }
    let names: Vec<&str> = plans.names().collect();
    Err(Failure::Configuration(format!(
        "there is no plan {name}: there are {}, and [plans.{name}] in the configuration file makes it",
        names.join(", ")
    )))
}

async fn set(
    session: &Session,
    customer: &str,
    status: TenantStatus,
    reason: Option<&str>,
    json: bool,
) -> Result<(), Failure> {
    let id = customer_id(customer)?;
    session.tenants.set_status(id, status, reason, &CLI, None).await?;
    if json {
        return output::line(json!({ "customerId": id.to_string(), "status": status }));
    }
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
