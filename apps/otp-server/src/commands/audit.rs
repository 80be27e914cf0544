//! `otp-server audit`: whether audit trails are as they were sealed.

use otp_core::audit::{Report, Trails, Witness};
use otp_core::id::TenantId;
use otp_core::port::Age;
use otp_core::tenant::Tenant;
use otp_wire::process::{Failure, SettingArgs};
use serde_json::json;

use super::Session;
use super::key::customer_id;
use crate::cli::AuditCommand;
use crate::output;

/// Checks trails.
pub(crate) async fn run(settings: &SettingArgs, command: &AuditCommand) -> Result<(), Failure> {
    let session = Session::open(settings).await?;
    let done = act(&session, command).await;
    session.close().await;
    done
}

async fn act(session: &Session, command: &AuditCommand) -> Result<(), Failure> {
    let AuditCommand::Verify { customer, expect, json } = command;
    let broken = match customer {
        Some(customer) => {
            let id = customer_id(customer)?;
            if id != TenantId::SERVICE && session.tenants.get(id, Age::Fresh).await?.is_none() {
                return Err(Failure::NotFound(format!("there is no customer {id}")));
            }
            verify(session, id, *expect, *json).await?
        }
        None => {
            let mut broken = verify(session, TenantId::SERVICE, None, *json).await?;
            let others = async |tenant: &Tenant| {
                if tenant.id != TenantId::SERVICE {
                    broken |= verify(session, tenant.id, None, *json).await?;
                }
                Ok(())
            };
            session.each_customer(others).await?;
            broken
        }
    };
    if broken { Err(Failure::Failed("an audit trail is not as it was sealed".to_owned())) } else { Ok(()) }
}

/// Checks one trail and shows what was found; answers whether it is broken.
async fn verify(session: &Session, id: TenantId, witness: Option<Witness>, json: bool) -> Result<bool, Failure> {
    let report = Trails::new(session.deployment.clone()).verify(id, witness).await?;
    let Report { head, findings, unsealed } = &report;
    let latest = head.map(|head| Witness { seq: head.last, mac: head.latest }.to_string());
    if json {
        output::line(json!({
            "customerId": id.to_string(),
            "entries": head.map_or(0, |head| head.count()),
            "first": head.map(|head| head.first),
            "expect": latest,
            "unsealed": unsealed,
            "findings": findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
        return Ok(!findings.is_empty());
    }
    let entries = head.map_or(0, |head| head.count());
    let verdict = if findings.is_empty() { "as sealed" } else { "BROKEN" };
    output::line(format_args!("{id}  {verdict}  {entries} entries, {unsealed} younger ones not covered"))?;
    if let Some(latest) = latest {
        output::line(format_args!("    --expect {latest}"))?;
    }
    for finding in findings {
        output::line(format_args!("    {finding}"))?;
    }
    Ok(!findings.is_empty())
}
